/** Whether the candidate is still what its mapping and its sources make of them. */

import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { checkRecordDrift, type RecordChange } from '../../src/scan/drift/recordDrift.ts';
import { checkSourceDrift } from '../../src/scan/drift/sourceDrift.ts';
import { treeOf } from '../fault/fixture.ts';
import { mappingOf, module, text } from './candidate.ts';
import { drift, sealedProject, told, type SealedProject } from './project.ts';

let project: SealedProject;
beforeAll(async () => {
  project = await sealedProject();
});
beforeEach(() => {
  project.restore();
});

/** Changes a JSON file of the project's mapping. */
function edit(name: string, change: (value: Record<string, unknown>) => object): void {
  const path = join(project.path, 'mapping', name);
  const value = JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>;
  writeFileSync(path, JSON.stringify(change(value), null, 4));
}

describe('scan-drift', () => {
  it('passes while nothing has changed, and leaves nothing behind', async () => {
    const before = treeOf(project.path, ['storage_candidate/.lock']);
    const { outcome, findings } = await drift(project);
    expect(findings).toEqual([]);
    expect(outcome.status).toBe('PASS');
    const tables = outcome.modules.map(({ table, filtered, merged }) => [table, filtered, merged]);
    expect(tables).toContainEqual(['dogs', 0, 0]);
    expect(outcome.notes).toEqual([
      'every record was compared with what the sealed mapping makes of the sources now',
    ]);
    expect(treeOf(project.path, ['storage_candidate/.lock'])).toEqual(before);
  });

  it('reads no further than a candidate that does not verify', async () => {
    project.reseal((run) => ({ ...run, dataRoot: '0'.repeat(64) }));
    project.change('DELETE FROM visits');
    const { findings } = await drift(project);
    expect(findings.map(({ rule }) => rule)).toEqual(['merkle']);
  });
});

describe('a mapping that changed', () => {
  it('is named file by file, where its content changed and not its layout', async () => {
    edit('project.json', (value) => ({ ...value, asOf: '2025-01-01' }));
    edit('modules/dogs.json', (value) => ({ ...value, minimumRows: 2 }));
    edit('modules/owners.json', (value) => Object.fromEntries(Object.entries(value).reverse()));
    const { outcome, findings } = await drift(project);
    expect(told(findings)).toEqual([
      'BLOCKER drift mapping/project.json: this file of the mapping has changed since it was sealed',
      'BLOCKER drift dogs mapping/modules/dogs.json: this file of the mapping has changed since it was sealed',
    ]);
    expect(outcome.status).toBe('FAIL');
  });

  it('is named where files came and went, registries too', async () => {
    const path = join(project.path, 'mapping');
    edit('project.json', (value) => ({
      ...value,
      dropped: [{ table: 'visits', reason: 'not needed' }],
    }));
    rmSync(join(path, 'modules/visits.json'));
    edit('modules/dogs.json', (value) => ({
      ...value,
      id: { rule: 'registry', registry: 'dogs' },
    }));
    const entry = { legacyId: 'x', targetUuid: '298078c0-a51a-585a-ad9c-a42a56944097' };
    const registries = join(path, 'registries');
    writeFileSync(join(path, 'dogs.ndjson'), `${JSON.stringify(entry)}\n`);
    rmSync(registries, { recursive: true, force: true });
    mkdirSync(registries);
    renameSync(join(path, 'dogs.ndjson'), join(registries, 'dogs.ndjson'));
    const { findings } = await drift(project, { depth: 'mapping' });
    expect(told(findings)).toEqual([
      'BLOCKER drift mapping/project.json: this file of the mapping has changed since it was sealed',
      'BLOCKER drift mapping/registries/dogs.ndjson: this file of the mapping is new',
      'BLOCKER drift dogs mapping/modules/dogs.json: this file of the mapping has changed since it was sealed',
      'BLOCKER drift visits mapping/modules/visits.json: this file of the mapping no longer exists',
    ]);
  });

  it('does not judge its own change: the sealed severities count', async () => {
    edit('project.json', (value) => ({
      ...value,
      severities: [{ rule: 'drift', severity: 'INFO' }],
    }));
    const { outcome, findings } = await drift(project);
    expect(findings.map(({ severity }) => severity)).toEqual(['BLOCKER']);
    expect(outcome.status).toBe('FAIL');
  });
});

describe('a source that changed', () => {
  it('is found with equal numbers of rows, and only where every record is compared', async () => {
    project.change("UPDATE owners SET name = 'Somebody else' WHERE id IN (3, 4)");
    const { outcome, findings } = await drift(project);
    expect(told(findings)).toEqual([
      'BLOCKER drift owners: the source now produces different records: 0 new, 0 gone, 2 changed',
    ]);
    expect(outcome.status).toBe('FAIL');
    const counts = await drift(project, { depth: 'counts' });
    expect(counts.findings).toEqual([]);
    expect(counts.outcome.notes).toEqual([expect.stringContaining('cells may have changed')]);
  });

  it('has its rows and its records counted', async () => {
    project.change(`DELETE FROM visits WHERE rowid <= 2; INSERT INTO dogs VALUES ('new', 1, NULL)`);
    const { findings } = await drift(project);
    expect(told(findings)).toEqual([
      'BLOCKER drift dogs: the source now produces different records: 1 new, 0 gone, 0 changed',
      'BLOCKER drift dogs: table "dogs" had 10 rows and has 11 now',
      'BLOCKER drift visits: table "visits" had 10 rows and has 8 now',
      'BLOCKER drift visits: the source now produces different records: 0 new, 2 gone, 0 changed',
    ]);
  });

  it('names the columns and tables that came and went', async () => {
    project.change(`CREATE TABLE zoo (id); ALTER TABLE visits ADD COLUMN price TEXT;
      ALTER TABLE dogs RENAME COLUMN photo TO picture`);
    const { findings } = await drift(project);
    expect(told(findings)).toEqual([
      'BLOCKER drift : table "zoo" is new',
      expect.stringMatching(/^BLOCKER drift : the records cannot be built again: .*"photo"/),
      'BLOCKER drift dogs: table "dogs" no longer has column "photo"',
      'BLOCKER drift dogs: table "dogs" has a new column "picture"',
      'BLOCKER drift visits: table "visits" has a new column "price"',
    ]);
  });

  it('says so where a table is gone', async () => {
    project.change('DROP TABLE visits');
    const { findings } = await drift(project);
    expect(told(findings)).toContain('BLOCKER drift visits: table "visits" no longer exists');
  });

  it('names views that came', async () => {
    project.change('CREATE VIEW v AS SELECT 1 AS a; CREATE VIEW w AS SELECT a FROM nowhere');
    const { findings } = await drift(project);
    expect(told(findings).sort()).toEqual([
      expect.stringMatching(
        /^BLOCKER drift : the records cannot be built again: view "v" of source/,
      ),
      'BLOCKER drift : view "v" is new',
      'BLOCKER drift : view "w" is new',
    ]);
  });

  it('says what it can where only types, keys or indexes changed', async () => {
    project.change('CREATE UNIQUE INDEX more ON visits (day) WHERE 0');
    const { findings } = await drift(project);
    expect(told(findings)).toEqual([
      'BLOCKER drift : the schema of source "main" changed: types, keys or indexes, but no tables or columns',
    ]);
  });

  it('that is empty has drifted, and the check does not end without a finding', async () => {
    project.change('DELETE FROM visits; DELETE FROM dogs; DELETE FROM owners');
    const { outcome, findings } = await drift(project);
    expect(outcome.status).toBe('FAIL');
    expect(told(findings)[0]).toMatch(/the records cannot be built again/);
    expect(findings).toHaveLength(4);
  });

  it('that cannot be reached fails the check, unless it is asked to leave it alone', async () => {
    renameSync(join(project.path, 'legacy.db'), join(project.path, 'moved.db'));
    await expect(drift(project)).rejects.toMatchObject({ code: 'SOURCE_MISSING' });
    await expect(drift(project, { depth: 'counts' })).rejects.toMatchObject({
      code: 'SOURCE_MISSING',
    });
    const { outcome } = await drift(project, { depth: 'mapping' });
    expect(outcome.status).toBe('PASS');
    expect(outcome.notes).toEqual([expect.stringContaining('not read')]);
    const moved = new Map([['main', `sqlite:${join(project.path, 'moved.db')}`]]);
    expect((await drift(project, { sources: moved })).outcome.status).toBe('PASS');
  });

  it('is looked for where the project says that it is today', async () => {
    renameSync(join(project.path, 'legacy.db'), join(project.path, 'moved.db'));
    edit('project.json', (value) => ({ ...value, sources: { main: { url: 'sqlite:moved.db' } } }));
    const { findings } = await drift(project);
    expect(told(findings)).toEqual([
      'BLOCKER drift mapping/project.json: this file of the mapping has changed since it was sealed',
    ]);
    expect(existsSync(join(project.path, 'legacy.db'))).toBe(false);
  });
});

describe('copies', () => {
  it('that disagree with their original are found in the sealed candidate', async () => {
    const copies = await sealedProject((path) => {
      const file = join(path, 'mapping/modules/dogs.json');
      const dogs = JSON.parse(readFileSync(file, 'utf8')) as { fields: Record<string, object> };
      const via = Object.keys(dogs.fields).find((name) => name.startsWith('owner')) ?? '';
      const copied = { column: 'chip', type: 'string', copyOf: { via, field: 'name' } };
      writeFileSync(file, JSON.stringify({ ...dogs, fields: { ...dogs.fields, nick: copied } }));
    });
    const { outcome, findings } = await drift(copies, { depth: 'mapping' });
    expect(new Set(findings.map(({ rule, field }) => `${rule} ${field}`))).toEqual(
      new Set(['copy nick']),
    );
    expect(findings).toHaveLength(10);
    expect(outcome.status).toBe('WARN');
  });
});

const ZOO = mappingOf([module('zoo', { name: text('name') })], {
  dropped: [{ table: 'old', reason: 'empty' }],
  severities: [{ rule: 'drift', module: 'zoo', severity: 'WARNING' }],
});

function source(
  rows: Readonly<Record<string, number>>,
): Parameters<typeof checkSourceDrift>[2][number] {
  const tables = Object.keys(rows).map((name) => ({
    name,
    kind: 'table' as const,
    columns: [],
    primaryKey: [],
    unique: [],
    foreignKeys: [],
  }));
  const count = async (table: string): Promise<number> => rows[table] ?? 0;
  return { name: 'main', scheme: 'sqlite', prepared: { schema: { tables }, count } };
}

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}

describe('what a source drift weighs', () => {
  const sealed = {
    name: 'main',
    scheme: 'sqlite',
    integrity: null,
    schema: '0'.repeat(64),
    tables: [
      { table: 'old', rows: 1 },
      { table: 'zoo', rows: 1 },
    ],
  };

  it('is what the sealed mapping says of the module, and nothing where the table is dropped', async () => {
    const found = await all(checkSourceDrift([sealed], ZOO, [source({ old: 2, zoo: 2 })]));
    expect(told(found).slice(-2)).toEqual([
      'INFO drift : table "old" had 1 row and has 2 now',
      'WARNING drift zoo: table "zoo" had 1 row and has 2 now',
    ]);
  });

  it('is a BLOCKER where the source is gone or of another kind', async () => {
    const gone = await all(checkSourceDrift([sealed], ZOO, []));
    expect(told(gone)).toEqual(['BLOCKER drift : source "main" no longer exists']);
    const other = { ...source({ old: 1, zoo: 1 }), scheme: 'csv' };
    expect(told(await all(checkSourceDrift([sealed], ZOO, [other])))[0]).toBe(
      'BLOCKER drift : source "main" was of kind sqlite and is csv now',
    );
  });
});

async function* changes(): AsyncGenerator<RecordChange> {
  yield { kind: 'declared', module: 'zoo', reason: 'the field is only in B' };
  yield { kind: 'record', module: 'zoo', a: null, b: {} };
  yield { kind: 'record', module: 'zoo', a: {}, b: null };
  yield { kind: 'record', module: 'zoo', a: {}, b: {} };
}

describe('records that differ', () => {
  it('are counted by what became of them', async () => {
    expect(told(await all(checkRecordDrift(ZOO, changes())))).toEqual([
      'WARNING drift zoo: this version of Sealift produces different records than the one that sealed it',
      'WARNING drift zoo: the source now produces different records: 1 new, 1 gone, 1 changed',
    ]);
  });
});
