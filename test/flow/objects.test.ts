/**
 * Every object of a source, from init to promote: migrated, dropped with a reason, or the run stops and
 * names it. With an adapter that leaves a table out of its schema, as the one for SQLite once did.
 */

import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterAll, describe, expect, it } from 'vitest';

import { openFindings } from '../../src/findings/findingStore.ts';
import { dryRun } from '../../src/flow/dryRun.ts';
import type { Environment } from '../../src/run/environment.ts';
import { init } from '../../src/flow/init.ts';
import { migrate } from '../../src/flow/migrate.ts';
import { scan } from '../../src/flow/scan.ts';
import { Failure } from '../../src/outcome/failure.ts';
import type { Outcome } from '../../src/outcome/outcome.ts';
import type { RunFile } from '../../src/seal/format.ts';
import type { SourceAdapter } from '../../src/source/source.ts';
import { sqliteAdapter } from '../../src/source/sqlite.ts';
import { compareCells, hasProgram } from '../kit/project.ts';
import { ENVIRONMENT, temporaryFolder } from '../fault/fixture.ts';
import { promoteHere } from '../promote/fixture.ts';

const folder = temporaryFolder();
afterAll(() => rmSync(folder, { recursive: true }));

let projects = 0;

function newProject(sql: string, tamper = ''): string {
  projects += 1;
  const project = join(folder, `p${projects}`);
  mkdirSync(project);
  change(project, sql, tamper);
  return project;
}

function change(project: string, sql: string, tamper = ''): void {
  const db = new Database(join(project, 'legacy.db'));
  db.exec(sql);
  if (tamper !== '') {
    db.unsafeMode(true);
    db.pragma('writable_schema = ON');
    db.exec(tamper);
  }
  db.close();
}

/** What a command says: its status or failure, its findings and its notes. */
interface Said {
  readonly status: string;
  readonly findings: readonly string[];
  readonly notes: readonly string[];
}

async function said(
  work: (found: ReturnType<typeof openFindings>) => Promise<Outcome>,
): Promise<Said> {
  const found = openFindings(folder);
  const brief = (): string[] =>
    [...found.list].map(({ severity, rule, reason }) => `${severity} ${rule} ${reason}`);
  try {
    const { status, notes, findings } = await work(found);
    const all = [...findings].map(({ severity, rule, reason }) => `${severity} ${rule} ${reason}`);
    return { status, notes, findings: all };
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return { status: error.line(), notes: [], findings: brief() };
  } finally {
    found.close();
  }
}

const LIMITS = { workers: 1, memory: 2 ** 28 } as const;

/** The commands of a project in this process. */
function commands(project: string, env: Environment = ENVIRONMENT) {
  const look = { project, here: project, sources: new Map<string, string>() };
  return {
    init: (): Promise<Outcome> =>
      init({ project, here: project, source: 'sqlite:legacy.db', ids: 'keep' }, env),
    dryRun: () => said((found) => dryRun({ ...look, ...LIMITS }, env, found)),
    migrate: () =>
      said((found) =>
        migrate({ ...look, ...LIMITS, runId: 'r', failAfter: null, allowRejected: 0 }, env, found),
      ),
    scanAll: () =>
      said((found) =>
        scan({ command: 'scan-all', project, modules: null, recount: look, ...LIMITS }, env, found),
      ),
  };
}

function projectJson(project: string): { dropped?: { table: string; reason: string }[] } {
  return JSON.parse(readFileSync(join(project, 'mapping/project.json'), 'utf8'));
}

function sealedTables(project: string): RunFile['sources'][number]['tables'] {
  const file = join(project, 'storage_candidate/v1/checksums/run.json');
  const run = JSON.parse(readFileSync(file, 'utf8')) as RunFile;
  return run.sources[0]?.tables ?? [];
}

function linesOf(project: string, module: string): unknown[] {
  const file = join(project, 'storage_candidate/v1', module, 'data.ndjson');
  return readFileSync(file, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as unknown);
}

describe('what init writes for a source with objects of every kind', () => {
  const SHOP = `
    CREATE TABLE pages (id INTEGER PRIMARY KEY AUTOINCREMENT, title TEXT, "" TEXT, doc JSON);
    INSERT INTO pages VALUES (1, 'rain', 'a', '{"b":1, "a":2}'), (2, 'snow', NULL, '{}');
    CREATE UNIQUE INDEX no_two ON pages (title) WHERE id > 0;
    CREATE UNIQUE INDEX "i j" ON pages (lower(title));
    CREATE TABLE "" (x); INSERT INTO "" VALUES (5);
    CREATE VIEW titles AS SELECT title FROM pages; CREATE VIEW old AS SELECT a FROM gone;
    CREATE VIRTUAL TABLE search USING fts5 (title, content='pages', content_rowid='id');
    CREATE VIRTUAL TABLE bare USING fts5 (x, content='');
    CREATE VIRTUAL TABLE letter USING fts4 (body); INSERT INTO letter (docid, body) VALUES (7, 'dear');
    CREATE VIRTUAL TABLE note USING fts4 (body); INSERT INTO note (docid, body) VALUES (3, 'ps');`;
  const NO_TOKENIZER =
    "UPDATE sqlite_schema SET sql = replace(sql, 'body)', 'body, tokenize=house)') WHERE name = 'note'";

  it('works without a hand edit, loses nothing, and says what it leaves out', async () => {
    const project = newProject(SHOP, NO_TOKENIZER);
    const run = commands(project);
    const { notes } = await run.init();
    expect(notes).toContain(
      'warning: "note": not migrated: this virtual table cannot be read, as SQLite says unknown tokenizer house',
    );
    const reasons = new Map(
      projectJson(project).dropped?.map(({ table, reason }) => [table, reason]),
    );
    expect([...reasons.keys()].sort()).toEqual(['bare', 'note', 'old', 'search', 'titles']);
    expect(reasons.get('search')).toBe(
      'not migrated: it is a search index, its text is that of "pages"',
    );
    const decisions = readFileSync(join(project, 'mapping/DECISIONS.md'), 'utf8');
    for (const text of [
      'unique index "no\\_two" is not checked',
      'unique index "i j" is not checked',
      '(AUTOINCREMENT)',
      '1 of 2 texts will be written as canonical JSON',
      '"titles"',
      '"search"',
      '"bare"',
      'SQLite says no such table main.gone',
    ]) {
      expect(decisions).toContain(text);
    }
    expect(await run.dryRun()).toMatchObject({ status: 'PASS', findings: [] });
    const migrated = await run.migrate();
    expect(migrated.status).toBe('DONE');
    expect(migrated.notes).toContain(
      'the rows of virtual table "note", which is dropped, were not counted: SQLite says unknown tokenizer house',
    );
    expect(await run.scanAll()).toMatchObject({ status: 'PASS', findings: [] });
    if (hasProgram('python3')) {
      const compared = compareCells(join(project, 'legacy.db'), project);
      expect(compared.stdout + compared.stderr).toMatch(/^\d+ cells compared, all equal\n$/);
    }
    expect(linesOf(project, 'pages')).toMatchObject([{ unnamed: 'a' }, { unnamed: null }]);
    expect(linesOf(project, 'letter')).toEqual([{ body: 'dear', rowid: 7 }]);
    expect(linesOf(project, 'note_content')).toEqual([{ c0body: 'ps', docid: 3 }]);
    expect(linesOf(project, 'table')).toMatchObject([{ x: 5 }]);
    expect(
      sealedTables(project)
        .filter(({ rows }) => rows === null)
        .map(({ table }) => table),
    ).toEqual(['bare', 'note', 'old', 'search', 'titles']);
  });

  it('stops at a table of rows that cannot be read, until a person drops it', async () => {
    const tamper = `UPDATE sqlite_schema SET name = CAST(x'6ee46d65' AS TEXT), tbl_name = CAST(x'6ee46d65' AS TEXT),
      sql = replace(sql, 'secret', CAST(x'6ee46d65' AS TEXT)) WHERE name = 'secret'`;
    const project = newProject(
      'CREATE TABLE t (a); INSERT INTO t VALUES (1); CREATE TABLE secret (b)',
      tamper,
    );
    const run = commands(project);
    const { notes } = await run.init();
    expect(notes.join('\n')).toContain(
      'cannot be read, as SQLite names no column of it: it is not in',
    );
    expect((await run.migrate()).status).toMatch(
      /^table "n\uFFFDme" of source "main" cannot be read/,
    );
    expect((await run.dryRun()).status).toMatch(
      /^table "n\uFFFDme" of source "main" cannot be read/,
    );
  });
});

describe('an object that turns up after init', () => {
  it.each([
    ['a table', 'CREATE TABLE late (x)', 'table "late" of source "main" is not mapped'],
    ['a view', 'CREATE VIEW late AS SELECT 1 AS x', 'view "late" of source "main" is not mapped'],
    [
      'a view over nothing',
      'CREATE VIEW late AS SELECT x FROM gone',
      'view "late" of source "main" cannot be read, as SQLite says no such table main.gone',
    ],
    [
      'a virtual table',
      'CREATE VIRTUAL TABLE late USING fts5 (x)',
      'table "late" of source "main" is not mapped',
    ],
  ])('stops every run, as %s', async (_, sql, line) => {
    const project = newProject('CREATE TABLE t (a); INSERT INTO t VALUES (1)');
    const run = commands(project);
    await run.init();
    expect((await run.migrate()).status).toBe('DONE');
    change(project, sql);
    expect((await run.migrate()).status).toContain(line);
    expect((await run.dryRun()).status).toContain(line);
    const { status, findings } = await run.scanAll();
    expect(status).toBe('WARN');
    expect(findings.join('\n')).toMatch(/^WARNING drift (?:table|view) "late" is new$/m);
  });
});

/** SQLite's adapter, blind for one table. */
function blindFor(table: string): Environment {
  const blind: SourceAdapter = {
    ...sqliteAdapter,
    async prepare(location, options) {
      const prepared = await sqliteAdapter.prepare(location, options);
      const tables = prepared.schema.tables.filter(({ name }) => name !== table);
      return { ...prepared, schema: { ...prepared.schema, tables } };
    },
  };
  return { ...ENVIRONMENT, adapters: new Map([...ENVIRONMENT.adapters, ['sqlite', blind]]) };
}

describe('a table that the schema leaves out (negative control)', () => {
  const LOST =
    'BLOCKER accounting table "ledger" of source "main" is neither migrated nor dropped, nor part of another object';
  const LEDGER = 'CREATE TABLE ledger (x); INSERT INTO ledger VALUES (1)';

  it('is a BLOCKER in dry-run, stops migrate, and is told by scan-all, so that promote refuses', async () => {
    const project = newProject('CREATE TABLE t (a); INSERT INTO t VALUES (1)');
    const run = commands(project, blindFor('ledger'));
    await run.init();
    expect((await run.migrate()).status).toBe('DONE');
    expect((await run.scanAll()).status).toBe('PASS');
    change(project, LEDGER);
    expect(await run.dryRun()).toMatchObject({ status: 'FAIL', findings: [LOST] });
    const { status, findings } = await run.migrate();
    expect(status).toContain('table "ledger" of source "main" is neither migrated nor dropped');
    expect(findings).toEqual([LOST]);
    expect(await run.scanAll()).toMatchObject({ status: 'FAIL', findings: [LOST] });
    await expect(promoteHere(project)).rejects.toThrow(/scan/);
  });
});
