/**
 * References that dangle, planted in a source: dry-run says so, scan-all says so of the candidate, and it
 * cannot be promoted. What the mapping lets become null is told, and nowhere what it was.
 */

import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import Database from 'better-sqlite3';
import { afterAll, describe, expect, it } from 'vitest';

import { openFindings } from '../../src/findings/findingStore.ts';
import { dryRun } from '../../src/flow/dryRun.ts';
import { scan } from '../../src/flow/scan.ts';
import type { Finding } from '../../src/outcome/finding.ts';
import type { Outcome } from '../../src/outcome/outcome.ts';
import { recordsOf, writeMapping } from '../kit/project.ts';
import { ENVIRONMENT, migrateHere, temporaryFolder } from '../fault/fixture.ts';
import { promoteHere } from '../promote/fixture.ts';

const FOLDERS: string[] = [];
afterAll(() => {
  for (const folder of FOLDERS) rmSync(folder, { recursive: true });
});

/** A project of a database and of modules by name, each of the table of its name with key `id`. */
function projectOf(sql: string, modules: Readonly<Record<string, object>>): string {
  const project = temporaryFolder();
  FOLDERS.push(project);
  const db = new Database(join(project, 'legacy.db'));
  db.pragma('foreign_keys = OFF');
  db.exec(sql);
  db.close();
  const all = Object.entries(modules).map(([table, more]) => {
    const key = [{ column: 'id', type: 'string' }];
    return [table, { source: { table }, key, id: { rule: 'uuid' }, ...more }] as const;
  });
  writeMapping(project, {
    sources: { main: 'sqlite:legacy.db' },
    modules: Object.fromEntries(all),
  });
  return project;
}

/** `SEVERITY rule field row-or-record: reason` */
function told(findings: Iterable<Finding>): string[] {
  return [...findings].map(({ severity, rule, field, source, reason }) => {
    return `${severity} ${rule} ${field ?? ''} ${source?.row ?? '-'}: ${reason}`;
  });
}

async function dryRunOf(project: string, sample?: number): Promise<string[]> {
  const found = openFindings(project);
  const options = { project, here: project, sources: new Map(), workers: 1, memory: 2 ** 27 };
  try {
    const sampled = sample === undefined ? {} : { sample };
    return told((await dryRun({ ...options, ...sampled }, ENVIRONMENT, found)).findings);
  } finally {
    found.close();
  }
}

async function scanOf(project: string): Promise<string[]> {
  const found = openFindings(project);
  const options = { command: 'scan-all', project, modules: null, recount: null } as const;
  try {
    const scanned = await scan({ ...options, workers: 1, memory: 2 ** 26 }, ENVIRONMENT, found);
    return told(scanned.findings);
  } finally {
    found.close();
  }
}

const DOGS = `CREATE TABLE dog (id TEXT PRIMARY KEY, name TEXT);
  INSERT INTO dog VALUES ('dog-1', 'Ada'), ('dog-2', 'Bo');`;
const DOG = { fields: { name: { column: 'name', type: 'string' } } };

const list = (more: object): object => ({
  fields: { dogs: { column: 'dogs', type: 'array(uuid)', references: 'dog', ...more } },
});

describe('ids inside a list', () => {
  const SQL = `${DOGS} CREATE TABLE course (id TEXT PRIMARY KEY, dogs TEXT);
    INSERT INTO course VALUES ('c-1', '["dog-2","dog-1","dog-2",null]'), ('c-2', '["dog-1","dog-7"]')`;
  it('that are of no record are found before and after sealing, and never go live', async () => {
    const project = projectOf(SQL, { dog: DOG, course: list({}) });
    const reason = 'it contains an id that is not in module dog';
    expect(await dryRunOf(project)).toEqual([`BLOCKER reference dogs 2: ${reason}`]);
    await migrateHere(project);
    const [, first] = recordsOf(project, 'dog').map(({ id }) => id);
    const lists = recordsOf(project, 'course').map(({ dogs }) => dogs as unknown[]);
    expect(lists.find((dogs) => dogs.length === 4)?.at(-1)).toBeNull();
    expect(new Set(lists.flat()).has(first)).toBe(true);
    expect(await scanOf(project)).toEqual([`BLOCKER reference dogs -: ${reason}`]);
    await expect(promoteHere(project, { allowWarnings: true })).rejects.toThrow('failed');
  });

  it('that are of no row become null where the mapping says so, and the report has no id', async () => {
    const project = projectOf(SQL, { dog: DOG, course: list({ onMissing: 'null' }) });
    expect(await dryRunOf(project)).toEqual([
      'WARNING reference-missing dogs 2: an id in it matches no row of module dog, and became null',
    ]);
    const done = await migrateHere(project);
    expect(told(done.findings)).toHaveLength(1);
    const lists = recordsOf(project, 'course').map(({ dogs }) => dogs as unknown[]);
    expect(lists.map((dogs) => dogs.filter((id) => id === null).length)).toEqual([1, 1]);
    expect((await scanOf(project)).filter((line) => line.startsWith('BLOCKER'))).toEqual([]);
    for (const file of filesOf(join(project, 'storage_candidate'))) {
      expect(readFileSync(file, 'utf8')).not.toContain('dog-7');
    }
  });

  it('whose path has a slip in it are told: nothing was found there', async () => {
    const references = [{ path: '/dogs/*', module: 'dog' }];
    const project = projectOf(SQL, { dog: DOG, course: list({ type: 'json', references }) });
    const reason = 'path "/dogs/*" matches nothing in any record';
    expect(await dryRunOf(project)).toEqual([`WARNING reference-path dogs -: ${reason}`]);
    await migrateHere(project);
    expect(await scanOf(project)).toEqual([`WARNING reference-path dogs -: ${reason}`]);
    await expect(promoteHere(project)).rejects.toThrow('warn');
  });

  it('bring the records that they lead to into a sample', async () => {
    const project = projectOf(SQL, { dog: DOG, course: list({ onMissing: 'null' }) });
    for (const sample of [1, 2]) {
      const found = await dryRunOf(project, sample);
      expect(found.filter((line) => line.startsWith('BLOCKER'))).toEqual([]);
    }
  });
});

function filesOf(folder: string): string[] {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

const walk = (more: object): object => ({
  fields: {
    dog: { reference: 'dog', columns: ['dog'], ...more },
    was: { column: 'was', type: 'string' },
  },
});

const nulls = (project: string): string[] =>
  recordsOf(project, 'walk')
    .filter(({ dog }) => dog === null)
    .map(({ was }) => String(was))
    .toSorted();

describe('a reference to no row', () => {
  const SQL = `${DOGS} CREATE TABLE walk (id TEXT PRIMARY KEY, dog, was TEXT);
    INSERT INTO walk VALUES ('w-1', 'dog-1', 'a'), ('w-2', 'dog-7', 'b'), ('w-3', NULL, 'c'),
      ('w-4', 7, 'd'), ('w-5', 'dog-2', 'e')`;
  it('becomes null where the mapping says so, whatever the ids of its module are', async () => {
    const kept = { id: { rule: 'keep' }, fields: { id: { column: 'id', type: 'string' } } };
    const reason = 'no row has the key that it refers to, the field is null';
    for (const dog of [DOG, { ...kept, dropped: { name: 'not asked for' } }]) {
      const project = projectOf(SQL, { dog, walk: walk({ onMissing: 'null' }) });
      const found = [2, 4].map((row) => `WARNING reference-missing dog ${row}: ${reason}`);
      expect(await dryRunOf(project)).toEqual(found);
      const done: Outcome = await migrateHere(project);
      expect(told(done.findings)).toEqual(found);
      expect(nulls(project)).toEqual(['b', 'c', 'd']);
    }
  });

  it('is found where it has to be there', async () => {
    const project = projectOf(SQL, { dog: DOG, walk: walk({ onMissing: 'null', required: true }) });
    const found = await dryRunOf(project);
    const reason = 'no row has the key that it refers to, the field is required';
    expect(found).toContain(`BLOCKER required dog 2: ${reason}`);
  });

  it('is left as it is, and found, where its row was filtered or the mapping says nothing', async () => {
    const dog = { ...DOG, where: [{ column: 'name', in: ['Ada'] }] };
    const filtered = projectOf(SQL, { dog, walk: walk({ onMissing: 'null' }) });
    const lines = await dryRunOf(filtered);
    const reason = 'it refers to a record that is not in module dog';
    expect(lines).toContain(`BLOCKER reference dog 5: ${reason}`);
    expect(lines.filter((line) => line.includes('reference-missing'))).toHaveLength(2);
    const both = walk({ onMissing: 'null', onFilteredParent: 'null' });
    const told = await dryRunOf(projectOf(SQL, { dog, walk: both }));
    expect(told.filter((line) => line.startsWith('BLOCKER'))).toEqual([]);
    expect(told.filter((line) => line.startsWith('INFO filtered-parent dog 5'))).toHaveLength(1);
  });

  it('leaves records without key the same in a sample and in the whole', async () => {
    const keyless = { ...walk({ onMissing: 'null' }), key: [], id: { rule: 'keyless' } };
    const project = projectOf(SQL, { dog: DOG, walk: { ...keyless, dropped: { id: 'none' } } });
    const found = await dryRunOf(project, 5);
    expect(found.filter((line) => line.includes('reference-missing'))).toHaveLength(2);
  });
});

const NR = { nr: { column: 'id', type: 'string' } };

const spelled = (transforms: object): Readonly<Record<string, object>> => ({
  land: { key: [{ column: 'id', type: 'string', ...transforms }], fields: NR },
  town: { fields: { land: { reference: 'land', columns: ['land'] }, ...NR } },
});

describe('a key that is spelled differently', () => {
  const SQL = `CREATE TABLE land (id TEXT COLLATE NOCASE PRIMARY KEY);
    INSERT INTO land VALUES ('CH'), ('De');
    CREATE TABLE town (id TEXT PRIMARY KEY, land TEXT REFERENCES land (id));
    INSERT INTO town VALUES ('a', 'ch'), ('b', 'CH'), ('c', 'DE'), ('d', 'FR'), ('e', 'CH ')`;
  it('is told from one that is not there, and a transform of the key makes up for it', async () => {
    const reason = 'it refers to a record that is not in module land';
    const near = `${reason}, where a key differs only in case and whitespace: make both equal`;
    const lines = await dryRunOf(projectOf(SQL, spelled({})));
    expect(lines.map((line) => line.replace(/ with transforms.*/, ''))).toEqual([
      `BLOCKER reference land 1: ${near}`,
      `BLOCKER reference land 3: ${near}`,
      `BLOCKER reference land 4: ${reason}`,
      `BLOCKER reference land 5: ${near}`,
    ]);
    expect(lines.join()).not.toContain('delete');
    const folded = projectOf(SQL, spelled({ transforms: ['trim', 'lower'] }));
    expect(await dryRunOf(folded)).toEqual([`BLOCKER reference land 4: ${reason}`]);
    await migrateHere(folded);
    expect(await scanOf(folded)).toEqual([`BLOCKER reference land -: ${reason}`]);
    expect(new Set(recordsOf(folded, 'land').map(({ nr }) => nr))).toEqual(new Set(['CH', 'De']));
  });
});
