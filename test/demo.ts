/**
 * The demo: from a legacy database full of defects to a candidate that goes live and back, on a
 * generated dog school and with the committed mapping, by the commands that a person would type. Exits
 * 0 only if every step did what it says.
 *
 *     npm run demo                                the committed example, in this checkout
 *     node test/demo.ts --project DIR             the same in another folder that has its mapping/
 *     node test/demo.ts --without drill           all but the step of this name, as often as is wanted
 *     npm run demo -- --postgres                  the same school from a PostgreSQL server
 *     npm run demo -- --postgres --rows 1000      a small one
 *
 * The server is the one from npm, which the demo starts and stops. What it reads there has to be what it
 * reads from SQLite. Planted defects are left out: PostgreSQL's types reject a part of them.
 *
 * Writes nothing but legacy/, storage_candidate/, storage_reports/, storage_journal/ and the link
 * storage_live of the project, none of which is committed, and a temporary folder that it removes.
 */

import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import Database from 'better-sqlite3';

import type { Finding } from '../src/outcome/finding.ts';
import { plantDefects } from './dogschool/defects.ts';
import { generateDogSchool } from './dogschool/generate.ts';
import { makePhotos } from './dogschool/photos.ts';
import { LISTS, referencesIn } from './legacy/references.ts';
import { PASSWORD, postgresHome, startPostgres, type Postgres } from './kit/postgres.ts';
import { loadSqlite } from './kit/sqliteToPostgres.ts';
import { assess, describeAssessment, type Truth } from './legacy/truth.ts';

const HERE = fileURLToPath(new URL('..', import.meta.url));
const MAIN = join(HERE, 'src/cli/main.ts');
/** Commands start faster where they find themselves compiled. */
const CACHE = { NODE_COMPILE_CACHE: join(HERE, 'node_modules/.cache/sealift') };
/** The one with defects, where they are, and the one without: the mapping reads the last. */
const SPOILT = 'legacy/spoilt.db';
const TRUTH = 'legacy/spoilt.truth.json';
const CLEAN = 'legacy/dogschool.db';
/** The database of PostgreSQL. */
const SCHOOL = 'dogschool';

/** The step did not do what it says; the message says what was expected. */
class DemoError extends Error {}

interface Demo {
  readonly project: string;
  readonly scratch: string;
  /** About so many rows are generated. */
  readonly rows: number;
  /** The server, and the URL of the school there; null where SQLite is read. */
  readonly server: Postgres | null;
  readonly url: string | null;
  /** What the step before leaves to the next. */
  truth: Truth;
  findings: readonly Finding[];
  dataRoot: string;
  sealId: string;
}

interface Step {
  readonly title: string;
  /** Throws a DemoError where something is not as the title says. */
  readonly run: (demo: Demo) => void | Promise<void>;
}

/** In order. A step that is added has its title here, and checks what its commands print. */
const FROM_SQLITE: readonly Step[] = [
  { title: 'A legacy database with all that such databases have.', run: generateSpoilt },
  { title: 'dry-run finds every planted defect.', run: dryRun },
  { title: 'Two of them, explained.', run: explain },
  { title: 'The same school without defects: build and seal the candidate.', run: migrateClean },
];
const FROM_POSTGRES: readonly Step[] = [
  { title: 'A school without defects in SQLite, and what is read from there.', run: migrateClean },
  { title: 'The same school in PostgreSQL.', run: loadPostgres },
  { title: 'dry-run finds no defect there.', run: dryRunPostgres },
  { title: 'Build and seal the candidate: the same records.', run: migratePostgres },
];
const STEPS: readonly Step[] = [
  { title: 'Run every check over the sealed records.', run: scan },
  { title: 'Verify it against the seal id, which was kept outside of it.', run: verify },
  { title: 'Change one digit of one payment in a copy of it, and verify the copy.', run: tamper },
  { title: 'Build it twice more, under other circumstances: the same bytes?', run: determinism },
  { title: 'Let runs fail, die and meet a full disk, where it does no harm.', run: drill },
  { title: 'It goes live.', run: promote },
  { title: 'So does the next one, which turns out to be wrong: back to the first.', run: rollback },
  { title: 'The photos of the dogs move into an object store, and back.', run: attachments },
];

function expectThat(holds: boolean, what: string): void {
  if (!holds) throw new DemoError(what);
}

function say(text: string): void {
  console.log(text);
}

/** Commands that read a source. */
const READING: ReadonlySet<string> = new Set([
  'dry-run',
  'migrate',
  'scan-all',
  'determinism',
  'drill',
  'promote',
]);

/** Runs a command over the source of the demo. */
function sealift(demo: Demo, args: readonly string[], code: number, runId?: string): string {
  const reads = demo.url !== null && READING.has(args[0] ?? '');
  return sealiftOver(demo, reads ? [...args, '--source', demo.url] : args, code, runId);
}

/** Shows a command as a person types it, and its output; paths of the project as relative ones. */
function sealiftOver(demo: Demo, args: readonly string[], code: number, runId?: string): string {
  const shown = args.map((arg) => arg.replace(demo.scratch, '/tmp/demo'));
  const variables = runId === undefined ? '' : `MIGRATE_RUN_ID=${runId} `;
  say(`$ ${variables}npm run -s sealift -- ${shown.join(' ')}`);
  const ran = spawnSync(process.execPath, [MAIN, ...args], {
    cwd: demo.project,
    encoding: 'utf8',
    env: {
      ...CACHE,
      ...process.env,
      ...(demo.server === null ? {} : { PGPASSWORD: PASSWORD }),
      MIGRATE_RUN_ID: runId,
      MIGRATE_FAIL_AFTER_MODULE: undefined,
    },
  });
  const output = ran.stdout
    .replaceAll(`${demo.project}/`, '')
    .replaceAll(demo.scratch, '/tmp/demo')
    .trimEnd();
  say(`${output}\n`);
  if (ran.status !== code) process.stderr.write(ran.stderr);
  expectThat(ran.status === code, `exit code ${code}, not ${ran.status}`);
  return output;
}

function generate(demo: Demo, file: string): string {
  say(`$ node test/dogschool/generate.ts ${file} --rows ${demo.rows} --seed 1`);
  mkdirSync(join(demo.project, 'legacy'), { recursive: true });
  const path = join(demo.project, file);
  generateDogSchool(path, { rows: demo.rows, seed: 1 });
  return path;
}

function generateSpoilt(demo: Demo): void {
  const path = generate(demo, SPOILT);
  say(`$ node test/dogschool/defects.ts ${SPOILT} ${TRUTH} --seed 1 --per-kind 5\n`);
  const truth = plantDefects(path, { seed: 1, perKind: 5 });
  writeFileSync(join(demo.project, TRUTH), `${JSON.stringify(truth, null, 1)}\n`);
  const kinds = Object.keys(truth.defects_by_kind).length;
  expectThat(truth.defects.length > 200 && kinds > 40, 'defects of every kind are planted');
  say(`${truth.defects.length} defects of ${kinds} kinds, and ${truth.decoys.length} decoys.\n`);
  demo.truth = truth;
}

/** Held against the list of what was planted: nothing missed, nothing made up. */
function dryRun(demo: Demo): void {
  sealift(demo, ['dry-run', '--source', `sqlite:${SPOILT}`], 2);
  demo.findings = readFileSync(
    join(demo.project, 'storage_reports/latest-dry-run/findings.ndjson'),
    'utf8',
  )
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Finding);
  const references = referencesIn(join(demo.project, SPOILT), LISTS);
  const assessment = assess(demo.findings, demo.truth, references.refers);
  references.close();
  const { planted, missed, unmatched, broken } = assessment;
  for (const line of describeAssessment(assessment).slice(0, 10)) say(line);
  expectThat(missed.length === 0, `all ${planted} defects are found, not all but ${missed.length}`);
  const more = unmatched.length + broken.length;
  expectThat(more === 0, `every finding has a planted defect, not all but ${more}`);
  say(`Planted: ${planted}. Found: ${planted}. Findings that were not planted: 0.\n`);
}

/** What a person does next: read the rule's page, look at the rows that the finding names. */
function explain(demo: Demo): void {
  const db = new Database(join(demo.project, SPOILT), { readonly: true });
  try {
    explainKeys(demo, db);
    explainSum(demo, db);
    const said = JSON.stringify(demo.findings);
    const values = db
      .prepare<[], string>('SELECT email FROM kunden UNION SELECT adresse FROM kunden')
      .pluck()
      .all()
      .filter((value) => value.length > 5);
    const leaked = values.filter((value) => said.includes(value)).length;
    expectThat(values.length > 1000 && leaked === 0, `no address in the report, not ${leaked}`);
  } finally {
    db.close();
  }
  say('The report holds no value of any record: only the source shows what is there.\n');
}

/** Two customers whose numbers look the same. */
function explainKeys({ findings }: Demo, db: Database.Database): void {
  const finding = findingOf(findings, ({ rule, module, members }) => {
    const differByBlank = rule === 'key-similar' && module === 'kunden' && members?.length === 2;
    return differByBlank && new Set(idsAt(db, members).map((id) => id.trim())).size === 1;
  });
  const rows = (finding.members ?? []).map(({ row }) => row);
  const ids = idsAt(db, finding.members ?? []);
  expectThat(new Set(ids).size === 2, 'two keys that differ by a blank');
  const shown = ids.map((id) => JSON.stringify(id)).join(' and ');
  sayFinding(finding, `rows ${rows.join(', ')}`);
  say(`  sqlite> SELECT id FROM kunden WHERE rowid IN (${rows.join(', ')})   ${shown}\n`);
}

function idsAt(db: Database.Database, members: Finding['members'] = []): string[] {
  const query = db.prepare<[number | string], string>('SELECT id FROM kunden WHERE rowid = ?');
  return members.map(({ row }) => query.pluck().get(row) ?? '');
}

/** A payment, and the lines in another table that it ought to be the sum of. */
function explainSum({ findings, truth }: Demo, db: Database.Database): void {
  const planted = new Set(
    truth.defects.filter(({ kind }) => kind === 'sum_mismatch').map(({ rowid }) => rowid),
  );
  const finding = findingOf(findings, ({ rule, module, source }) => {
    return rule === 'invariant' && module === 'finanzen' && planted.has(Number(source?.row));
  });
  const row = Number(finding.source?.row);
  const sql = `SELECT betrag, (SELECT sum(menge * einzelpreis) FROM positionen p
    WHERE p.zahlungId = z.id) AS summe FROM zahlungen z WHERE rowid = ?`;
  const { betrag, summe } = db.prepare(sql).get(row) as { betrag: number; summe: number };
  expectThat(betrag.toFixed(2) !== summe.toFixed(2), 'an amount that is not the sum of its lines');
  sayFinding(finding, `row ${row}`);
  say(`  sqlite> SELECT betrag FROM zahlungen WHERE rowid = ${row}   ${betrag.toFixed(2)}`);
  say(`  sqlite> SELECT sum(menge * einzelpreis) FROM positionen …   ${summe.toFixed(2)}\n`);
}

function findingOf(findings: readonly Finding[], fits: (finding: Finding) => boolean): Finding {
  const finding = findings.find(fits);
  if (finding === undefined) throw new DemoError('the finding that is to be explained is there');
  return finding;
}

/** The finding, and the first paragraph of its rule's page. */
function sayFinding({ severity, rule, module, field, reason }: Finding, place: string): void {
  const page = `docs/rules/${rule}.md`;
  const [, paragraph = ''] = readFileSync(join(HERE, page), 'utf8').split('\n\n');
  say(`${severity} ${rule} ${module} · ${field} · ${place}: ${reason}`);
  say(`  ${page}:`);
  say(paragraph.trimEnd().replaceAll(/^/gm, '  '));
}

/** Builds and seals the candidate of the SQLite database. */
function migrateClean(demo: Demo): void {
  const path = generate(demo, CLEAN);
  say('');
  noteSeal(demo, sealiftOver(demo, ['migrate'], 0));
  const [counted, lines] = [countRows(path), countLines(demo)];
  expectThat(counted === lines && counted > 0, `${counted} rows in SQLite, ${lines} records`);
  say(`SQLite counts ${counted} rows, the candidate has ${lines} lines.\n`);
}

/** Notes what migrate prints. */
function noteSeal(demo: Demo, output: string): void {
  const [, root] = /^data root +([0-9a-f]{64})$/m.exec(output) ?? [];
  const [, id] = /^seal id +([0-9a-f]{64})$/m.exec(output) ?? [];
  if (root === undefined || id === undefined) throw new DemoError('migrate prints a seal id');
  demo.dataRoot = root;
  demo.sealId = id;
}

async function loadPostgres({ project, server }: Demo): Promise<void> {
  if (server === null) throw new TypeError('there is no server');
  await loadSqlite(join(project, CLEAN), await server.create(SCHOOL));
  const [[version, tables] = []] = await server.run(
    SCHOOL,
    `SELECT current_setting('server_version'), count(*) FROM pg_tables WHERE schemaname = 'public'`,
  );
  say(`PostgreSQL ${version} on 127.0.0.1 has ${tables} tables of it.\n`);
  expectThat(Number(tables) === 11, 'all 11 tables are there');
}

function dryRunPostgres(demo: Demo): void {
  const output = sealift(demo, ['dry-run'], 0);
  expectThat(output.endsWith('dry-run: PASS'), 'a clean school has no finding');
}

function migratePostgres(demo: Demo): void {
  const { dataRoot } = demo;
  noteSeal(demo, sealift(demo, ['migrate'], 0));
  expectThat(demo.dataRoot === dataRoot, 'the same data root as from SQLite');
  say(`The data root is that of the candidate from SQLite: the records are the same.\n`);
}

function countRows(file: string): number {
  const database = new Database(file, { readonly: true });
  try {
    const tables = database
      .prepare<[], string>("SELECT name FROM sqlite_schema WHERE type = 'table'")
      .pluck()
      .all();
    const counts = tables.map((table) =>
      Number(database.prepare(`SELECT count(*) FROM "${table}"`).pluck().get()),
    );
    return counts.reduce((sum, count) => sum + count, 0);
  } finally {
    database.close();
  }
}

function countLines({ project }: Demo): number {
  const candidate = join(project, 'storage_candidate/v1');
  const texts = readdirSync(candidate)
    .filter((name) => name !== 'checksums' && name !== 'mapping')
    .map((module) => readFileSync(join(candidate, module, 'data.ndjson'), 'utf8'));
  return texts.reduce((sum, text) => sum + text.split('\n').length - 1, 0);
}

function scan(demo: Demo): void {
  const output = sealift(demo, ['scan-all'], 0);
  expectThat(!/^(?:BLOCKER|WARNING) /m.test(output), 'a clean school has no finding');
  expectThat(output.endsWith('scan-all: PASS'), 'scan-all passes');
}

function verify(demo: Demo): void {
  const output = sealift(demo, ['verify-checksums', '--expect-seal', demo.sealId], 0);
  expectThat(output.endsWith('verify-checksums: PASS'), 'the seal holds');
}

/** Somebody changes one payment in a copy: nothing else gives it away, the seal does. */
function tamper(demo: Demo): void {
  const copy = join(demo.scratch, 'copy');
  cpSync(join(demo.project, 'storage_candidate/v1'), copy, { recursive: true, dereference: true });
  const file = join(copy, 'finanzen/data.ndjson');
  const before = readFileSync(file, 'utf8');
  const after = before.replace(/("betrag":"\d*)(\d)(\.)/, (_, head, digit, point) => {
    return `${String(head)}${(Number(digit) + 1) % 10}${String(point)}`;
  });
  expectThat(after !== before && after.length === before.length, 'one digit differs');
  writeFileSync(file, after);
  // Its report does not belong to the project.
  sealift(demo, ['verify-checksums', '--candidate', copy, '--project', demo.scratch], 2);
}

function determinism(demo: Demo): void {
  const output = sealift(demo, ['determinism', '--workers', '2'], 0);
  expectThat(output.includes(demo.sealId), 'both builds have the seal id of the candidate');
}

/** One module here; all of them take a minute. */
function drill(demo: Demo): void {
  const output = sealift(demo, ['drill', '--module', 'kurse'], 0);
  expectThat(/^(\d+) of \1 steps went as expected$/m.test(output), 'no step goes wrong');
}

function promote(demo: Demo): void {
  sealift(demo, ['promote', '--who', 'ada'], 0);
  expectThat(liveSeal(demo) === demo.sealId, 'storage_live leads to the candidate');
}

function rollback(demo: Demo): void {
  const first = sealift(demo, ['migrate'], 0, 'second-thoughts');
  expectThat(!first.includes(demo.sealId), 'another run has another seal id');
  sealift(demo, ['scan-all'], 0);
  sealift(demo, ['promote', '--who', 'ada'], 0);
  expectThat(liveSeal(demo) !== demo.sealId, 'the second candidate is live');
  sealift(demo, ['rollback', '--who', 'ada'], 0);
  expectThat(liveSeal(demo) === demo.sealId, 'the first candidate is live again');
}

/** A byte changes in the store: the journal of the run tells, and the files are still there. */
function attachments(demo: Demo): void {
  const project = join(demo.scratch, 'photos');
  makePhotos(project, 12);
  const run = (command: string, code: number): string =>
    sealiftOver(demo, ['attachments', command, '--project', project], code);
  const migrated = run('migrate', 0);
  expectThat(migrated.includes('12 files moved'), 'every photo is in the store');
  run('verify', 0);
  const folder = join(project, 'objects/photos/7');
  const [name = ''] = readdirSync(folder);
  const bytes = readFileSync(join(folder, name));
  bytes[100] = (bytes[100] ?? 0) ^ 1;
  writeFileSync(join(folder, name), bytes);
  const verified = run('verify', 2);
  expectThat(/photos · record \[7\]: .*other bytes/.test(verified), 'the changed photo is named');
  const back = run('rollback', 0);
  expectThat(back.includes('12 rows'), 'the rows read from disk again');
}

/** The seal id of what a reader of storage_live sees. */
function liveSeal({ project }: Demo): string {
  const sums = readFileSync(join(project, 'storage_live/checksums/SHA256SUMS'));
  return createHash('sha256').update(sums).digest('hex');
}

interface Options {
  readonly rows: number;
  readonly server: Postgres | null;
  /** Names of the steps that are left out. */
  readonly without: readonly string[];
}

async function run(project: string, options: Options): Promise<void> {
  const { rows, server, without } = options;
  const scratch = mkdtempSync(join(tmpdir(), 'sealift-demo-'));
  const url = server === null ? null : `postgres://postgres@127.0.0.1:${server.port}/${SCHOOL}`;
  const nothing = { truth: { defects: [] }, findings: [], dataRoot: '', sealId: '' };
  const demo: Demo = { project, scratch, rows, server, url, ...nothing };
  const steps = [...(server === null ? FROM_SQLITE : FROM_POSTGRES), ...STEPS];
  try {
    for (const [index, step] of steps.entries()) {
      if (without.includes(step.run.name)) continue;
      say(`${index + 1}. ${step.title}\n`);
      await step.run(demo);
    }
    say('All went well. What is live is storage_live, and each command has left its report:');
    for (const name of readdirSync(join(project, 'storage_reports')).sort()) {
      if (name.startsWith('latest-')) say(`  storage_reports/${name}/report.html`);
    }
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      project: { type: 'string', default: HERE },
      without: { type: 'string', multiple: true, default: [] },
      postgres: { type: 'boolean', default: false },
      rows: { type: 'string', default: '10000' },
    },
  });
  if (values.postgres && postgresHome() === null) {
    process.stderr.write('demo: PostgreSQL is not here: run npm ci, or the demo without it\n');
    process.exitCode = 1;
    return;
  }
  const server = values.postgres ? await startPostgres() : null;
  try {
    const { without } = values;
    await run(resolve(values.project), { rows: Number(values.rows), server, without });
  } catch (error) {
    if (!(error instanceof DemoError)) throw error;
    process.stderr.write(`demo: this was expected, and is not so: ${error.message}\n`);
    process.exitCode = 1;
  } finally {
    await server?.stop();
  }
}

await main();
