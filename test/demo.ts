/**
 * The demo: the main job from an unknown database to a verified candidate, on a generated dog
 * school, with the commands that a person would type. Exits 0 only if every step did what it says.
 *
 *     npm run demo                                the committed example, in this checkout
 *     node test/demo.ts --project DIR             the same in another folder that has its mapping/
 *
 * Writes nothing but legacy/, storage_candidate/ and storage_reports/ of the project, none of which
 * is committed, and a temporary folder that it removes.
 */

import { spawnSync } from 'node:child_process';
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

import { generateDogSchool } from './dogschool/generate.ts';

const MAIN = fileURLToPath(new URL('../src/cli/main.ts', import.meta.url));
const DATABASE = 'legacy/dogschool.db';

/** The step did not do what it says; the message says what was expected. */
class DemoError extends Error {}

interface Demo {
  readonly project: string;
  readonly scratch: string;
}

function expectThat(holds: boolean, what: string): void {
  if (!holds) throw new DemoError(what);
}

function say(text: string): void {
  console.log(text);
}

/** Shows a command as a person types it, and its output; paths of the project as relative ones. */
function sealift(demo: Demo, args: readonly string[], expectedCode: number): string {
  const shown = args.map((arg) => arg.replace(demo.scratch, '/tmp/demo'));
  say(`$ npm run -s sealift -- ${shown.join(' ')}`);
  const ran = spawnSync(process.execPath, [MAIN, ...args], {
    cwd: demo.project,
    encoding: 'utf8',
    env: { ...process.env, MIGRATE_RUN_ID: undefined, MIGRATE_FAIL_AFTER_MODULE: undefined },
  });
  const output = ran.stdout
    .replaceAll(`${demo.project}/`, '')
    .replaceAll(demo.scratch, '/tmp/demo')
    .trimEnd();
  say(`${output}\n`);
  if (ran.status !== expectedCode) process.stderr.write(ran.stderr);
  expectThat(ran.status === expectedCode, `exit code ${expectedCode}, not ${ran.status}`);
  return output;
}

function generate({ project }: Demo): void {
  say('1. A legacy database: a dog school, eleven tables, some without a key.\n');
  say(`$ node test/dogschool/generate.ts ${DATABASE} --rows 10000 --seed 1\n`);
  mkdirSync(join(project, 'legacy'), { recursive: true });
  generateDogSchool(join(project, DATABASE), { rows: 10_000, seed: 1 });
}

function init(demo: Demo): void {
  say('2. From unknown to mapped: init reads it once and writes a mapping that works as it is.\n');
  const folder = join(demo.scratch, 'school');
  const source = `sqlite:${DATABASE}`;
  sealift(demo, ['init', '--source', source, '--ids', 'uuid', '--project', folder], 0);
  const [own, proposed] = [join(demo.project, 'mapping'), join(folder, 'mapping')];
  const files = filesOf(proposed);
  expectThat(files.length > 0, 'init writes a mapping');
  expectThat(files.join() === filesOf(own).join(), 'the files of mapping/ are those of init');
  for (const file of files) {
    const same = textOf(join(own, file)) === textOf(join(proposed, file));
    expectThat(same, `mapping/${file} is what init writes`);
  }
  say(`The committed mapping/ is that proposal: ${files.length} files, all the same.\n`);
}

function filesOf(folder: string): string[] {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .sort();
}

/** The source's URL depends on where the project is. */
function textOf(path: string): string {
  return readFileSync(path, 'utf8').replace(/"url": "sqlite:[^"]*"/, '"url"');
}

/** Builds and seals the candidate; returns its seal id. */
function migrate(demo: Demo): string {
  say('3. Build and seal the candidate.\n');
  const output = sealift(demo, ['migrate'], 0);
  const id = /^seal id +([0-9a-f]{64})$/m.exec(output)?.[1];
  if (id === undefined) throw new DemoError('migrate prints a seal id');
  const [counted, lines] = [countRows(demo), countLines(demo)];
  expectThat(counted === lines && counted > 0, `${counted} rows in SQLite, ${lines} records`);
  say(`SQLite counts ${counted} rows, the candidate has ${lines} lines.\n`);
  return id;
}

function countRows({ project }: Demo): number {
  const database = new Database(join(project, DATABASE), { readonly: true });
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

function verify(demo: Demo, sealId: string): void {
  say('4. Verify it against the seal id, which was kept outside of it.\n');
  sealift(demo, ['verify-checksums', '--expect-seal', sealId], 0);
}

/** Somebody changes one payment in a copy: nothing else gives it away, the seal does. */
function tamper(demo: Demo): void {
  say('5. Change one digit of one payment in a copy of it, and verify the copy.\n');
  const copy = join(demo.scratch, 'copy');
  cpSync(join(demo.project, 'storage_candidate/v1'), copy, { recursive: true, dereference: true });
  const file = join(copy, 'zahlungen/data.ndjson');
  const before = readFileSync(file, 'utf8');
  const after = before.replace(/("betrag":"\d*)(\d)(\.)/, (_, head, digit, point) => {
    return `${String(head)}${(Number(digit) + 1) % 10}${String(point)}`;
  });
  expectThat(after !== before && after.length === before.length, 'one digit differs');
  writeFileSync(file, after);
  // Its report does not belong to the project.
  sealift(demo, ['verify-checksums', '--candidate', copy, '--project', demo.scratch], 2);
}

function run(project: string): void {
  const scratch = mkdtempSync(join(tmpdir(), 'sealift-demo-'));
  const demo: Demo = { project, scratch };
  try {
    generate(demo);
    init(demo);
    const sealId = migrate(demo);
    verify(demo, sealId);
    tamper(demo);
    say('All went well. The candidate is in storage_candidate/v1, reports in storage_reports/.');
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

function main(): void {
  const here = fileURLToPath(new URL('..', import.meta.url));
  const { values } = parseArgs({ options: { project: { type: 'string', default: here } } });
  try {
    run(resolve(values.project));
  } catch (error) {
    if (!(error instanceof DemoError)) throw error;
    process.stderr.write(`demo: this was expected, and is not so: ${error.message}\n`);
    process.exitCode = 1;
  }
}

main();
