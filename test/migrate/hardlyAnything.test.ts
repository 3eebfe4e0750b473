/** Registries without ids, and modules without fields: exact where there is hardly anything to be exact about. */

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';

import { openFindings } from '../../src/findings/findingStore.ts';
import { dryRun } from '../../src/flow/dryRun.ts';
import { init } from '../../src/flow/init.ts';
import { scan } from '../../src/flow/scan.ts';
import { linesOf, recordsOf, workFolder, writeMapping } from '../kit/project.ts';
import { ENVIRONMENT, migrateHere } from '../fault/fixture.ts';

const folder = workFolder('hardly-anything');
let projects = 0;

function newFolder(): string {
  projects += 1;
  const root = join(folder, `p${projects}`);
  mkdirSync(root);
  return root;
}

/** Verdicts of dry-run and scan-all, with the rules of what they found. */
async function verdicts(project: string, command: 'dry-run' | 'scan-all'): Promise<string> {
  const found = openFindings(folder);
  const options = { project, here: project, workers: 1, memory: 2 ** 28 };
  try {
    const { status } =
      command === 'dry-run'
        ? await dryRun({ ...options, sources: new Map() }, ENVIRONMENT, found)
        : await scan({ ...options, command, modules: null, recount: null }, ENVIRONMENT, found);
    return [status, ...[...found.list].map(({ rule }) => rule)].join(' ');
  } finally {
    found.close();
  }
}

const KEYED = { key: [{ column: 'id', type: 'string' }] };
const OWNERS = {
  source: { table: 'owners' },
  key: [{ column: 'id', type: 'integer' }],
  id: { rule: 'keep' },
  fields: { id: { column: 'id', type: 'integer' }, dog: { reference: 'dog', columns: ['dog'] } },
};

function kennel(file: string, content: string, more = ''): string {
  const root = newFolder();
  const db = new Database(join(root, 'legacy.db'));
  db.exec(`CREATE TABLE dogs (id TEXT PRIMARY KEY, name TEXT);
    CREATE TABLE owners (id INTEGER PRIMARY KEY, dog TEXT); INSERT INTO owners VALUES (1, NULL); ${more}`);
  db.close();
  const dog = {
    source: { table: 'dogs' },
    ...KEYED,
    id: { rule: 'registry', registry: 'dogs' },
    fields: { name: { column: 'name', type: 'string' } },
    minimumRows: 0,
  };
  const sources = { main: 'sqlite:legacy.db' };
  writeMapping(root, { sources, modules: { dog, owner: OWNERS } });
  mkdirSync(join(root, 'mapping/registries'));
  writeFileSync(join(root, 'mapping/registries', file), content);
  return root;
}

describe('a registry without ids', () => {
  it.each([
    ['dogs.json', '[]'],
    ['dogs.json', '[ ]\n'],
    ['dogs.ndjson', ''],
  ])('has those of a table without rows: %s %j', async (file, content) => {
    const project = kennel(file, content);
    expect(await verdicts(project, 'dry-run')).toBe('PASS');
    await migrateHere(project);
    expect(linesOf(project, 'dog')).toEqual([]);
    expect(await verdicts(project, 'scan-all')).toBe('PASS');
  });

  it('has none for a row, and none for what refers to it (negative control)', async () => {
    const row = kennel('dogs.json', '[]', "INSERT INTO dogs VALUES ('rex', 'Rex');");
    expect(await verdicts(row, 'dry-run')).toBe('FAIL registry');
    await expect(migrateHere(row)).rejects.toThrow('1 row rejected, nothing was published');
    const reference = kennel('dogs.json', '[]', "INSERT INTO owners VALUES (2, 'rex');");
    expect(await verdicts(reference, 'dry-run')).toMatch(/^FAIL /);
  });
});

describe('a module without fields', () => {
  it('has ids, where the table has no column but its key', async () => {
    const root = newFolder();
    const db = new Database(join(root, 'legacy.db'));
    db.exec("CREATE TABLE codes (id TEXT PRIMARY KEY); INSERT INTO codes VALUES ('b'), ('a');");
    db.close();
    const code = { source: { table: 'codes' }, ...KEYED, id: { rule: 'uuid' }, fields: {} };
    writeMapping(root, { sources: { main: 'sqlite:legacy.db' }, modules: { code } });
    expect(await verdicts(root, 'dry-run')).toBe('PASS');
    await migrateHere(root);
    expect(recordsOf(root, 'code').map((record) => Object.keys(record))).toEqual([['id'], ['id']]);
    const keys = linesOf(root, 'code', 'lineage.ndjson').map((line) => {
      return (JSON.parse(line) as { key: string[] }).key[0];
    });
    expect(new Set(keys)).toEqual(new Set(['a', 'b']));
    expect(await verdicts(root, 'scan-all')).toBe('PASS');
  });

  it('numbers its rows, where they hold nothing', async () => {
    const root = newFolder();
    writeFileSync(join(root, 'marks.ndjson'), '{}\n{}\n{}\n');
    await init(
      { project: root, here: root, source: 'ndjson:marks.ndjson', ids: 'uuid' },
      ENVIRONMENT,
    );
    expect(await verdicts(root, 'dry-run')).toBe('PASS');
    await migrateHere(root);
    const ids = recordsOf(root, 'marks').map(
      (record) => JSON.stringify(Object.keys(record)) + String(record['id']),
    );
    expect(new Set(ids).size).toBe(3);
    expect(await verdicts(root, 'scan-all')).toBe('PASS');
  });

  it('is what init makes of an empty file, beside others', async () => {
    const root = newFolder();
    mkdirSync(join(root, 'exports'));
    writeFileSync(join(root, 'exports/none.ndjson'), '');
    writeFileSync(join(root, 'exports/some.ndjson'), '{"a":1}\n');
    await init({ project: root, here: root, source: 'ndjson:exports', ids: 'keep' }, ENVIRONMENT);
    expect(await verdicts(root, 'dry-run')).toBe('PASS');
    await migrateHere(root);
    expect([linesOf(root, 'none'), linesOf(root, 'some').length]).toEqual([[], 1]);
    expect(await verdicts(root, 'scan-all')).toBe('PASS');
  });
});
