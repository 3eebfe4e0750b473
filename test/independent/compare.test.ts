/** The independent comparison passes where a candidate is right, and fails wherever it is not. */

import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSource, rightCandidate } from './compareFixture.ts';
import { type Compared, type Comparer, startComparer } from './comparer.ts';
import { type HandMade, writeHandMade } from './handMade.ts';

/** What is said of the ids of a module whose key nobody has. */
const FORM = 'log, field "id": made with a secret key, only the form was compared\n';

let folder = '';
let source = '';
let made = 0;
let comparer: Comparer;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'compare-'));
  comparer = startComparer();
  source = join(folder, 'source.db');
  createSource(source, 'UTF-8');
});

afterAll(async () => {
  await comparer.close();
  rmSync(folder, { recursive: true });
});

function exitCode(dir: string): number | null {
  return spawnSync('python3', ['test/independent/compare.py', source, dir]).status;
}

function write(candidate: HandMade): string {
  const dir = join(folder, `v${(made += 1)}`);
  mkdirSync(dir);
  writeHandMade(dir, candidate);
  return dir;
}

async function compare(dir: string, database = source): Promise<Compared> {
  return comparer.compare(database, dir);
}

/** Changes the text of one file of a right candidate, then compares. */
async function spoiled(file: string, change: (text: string) => string): Promise<string> {
  const dir = write(rightCandidate());
  const text = readFileSync(join(dir, file), 'utf8');
  expect(change(text)).not.toBe(text);
  writeFileSync(join(dir, file), change(text));
  const { status, output } = await compare(dir);
  expect(status).toBe(1);
  return output;
}

const line = (number: number, change: (text: string) => string) => (text: string) =>
  text
    .split('\n')
    .map((each, index) => (index === number - 1 ? change(each) : each))
    .join('\n');

describe('compare.py', () => {
  it.each(['UTF-8', 'UTF-16le', 'UTF-16be'])(
    'passes a right candidate of a %s source',
    async (encoding) => {
      const file = join(folder, `${encoding}.db`);
      createSource(file, encoding);
      const ran = await compare(write(rightCandidate()), file);
      expect(ran).toEqual({ status: 0, output: `65 cells compared, all equal\n${FORM}` });
    },
  );

  it('ends as a program does: 0, 1 and 2', () => {
    const right = rightCandidate();
    const unknown = { ...right, project: { ...right.project, renamed: 1 } };
    expect(exitCode(write(right))).toBe(0);
    expect(exitCode(write({ ...right, tables: {} }))).toBe(1);
    expect(exitCode(write(unknown))).toBe(2);
  });

  it('leaves the source, its log and its folder as they are', async () => {
    const dir = join(folder, 'wal');
    mkdirSync(dir);
    const file = join(dir, 'live.db');
    createSource(file, 'UTF-8');
    const db = new Database(file);
    db.pragma('journal_mode = WAL');
    db.exec(`UPDATE kinds SET text = 'log' WHERE id = 2`);
    const before = readdirSync(dir);
    expect((await compare(write(rightCandidate()), file)).output).toContain(
      'kinds, row 2, field "text"',
    );
    expect(readdirSync(dir)).toEqual(before);
    db.close();
  });

  it.each<[string, string, (text: string) => string, string]>([
    [
      'a changed cell',
      'kinds/data.ndjson',
      (t) => t.replace('"0.10"', '"0.11"'),
      'kinds, row 1, field "price": the value differs',
    ],
    [
      'a rounded integer',
      'kinds/data.ndjson',
      (t) => t.replace('"9007199254740993"', '"9007199254740992"'),
      'kinds, row 1, field "big": the value differs',
    ],
    [
      'a composed character',
      'kinds/data.ndjson',
      (t) => t.replace('u\u0308', 'ü'),
      'field "text": the value differs',
    ],
    [
      'null for empty',
      'kinds/data.ndjson',
      (t) => t.replace('"text":""', '"text":null'),
      'kinds, row 3, field "text": the value differs',
    ],
    [
      'another instant',
      'kinds/data.ndjson',
      (t) => t.replace('T10:00:00.5', 'T12:00:00.5'),
      'field "instant": the value differs',
    ],
    [
      'text for an integer',
      'kinds/data.ndjson',
      (t) => t.replace('{"number":"5"}', '{"text":"5"}'),
      'field "any": the value differs',
    ],
    [
      'other digits of a number',
      'kinds/data.ndjson',
      (t) => t.replace('{"number":"5"}', '{"number":"5.0"}'),
      'field "any": the value differs',
    ],
    [
      'a blank in a line',
      'kinds/data.ndjson',
      (t) => t.replace('":', '": '),
      'the line is not canonical',
    ],
    ['a missing record', 'kinds/data.ndjson', line(2, () => ''), 'kinds, record 2: unreadable'],
    [
      'a record too many',
      'kinds/data.ndjson',
      (t) => t + t.split('\n')[2]?.replace('"id":3', '"id":4') + '\n',
      'kinds: 1 records have no row',
    ],
    [
      'records in another order',
      'kinds/data.ndjson',
      (t) => t.split('\n').slice(0, 3).toReversed().join('\n') + '\n',
      'not in strictly ascending order',
    ],
    [
      'a field too many',
      'kinds/data.ndjson',
      (t) => t.replace('"id":1', '"id":1,"zzz":1'),
      'the fields are not those of the mapping',
    ],
    [
      'a duplicate name',
      'kinds/data.ndjson',
      (t) => t.replace('"id":1', '"id":1,"id":1'),
      'the line is not strict JSON',
    ],
    [
      'a wrong version 5 id',
      'people/data.ndjson',
      (t) => t.replace(/"id":"[0-9a-f]{4}/, '"id":"0000'),
      'no record has this key',
    ],
    [
      'a wrong reference',
      'people/data.ndjson',
      (t) => t.replace(/"boss":"[0-9a-f]{4}/, '"boss":"0000'),
      'field "boss": the value differs',
    ],
    [
      'a wrong id of the registry',
      'towns/data.ndjson',
      (t) => t.replace('"id":"0000000a', '"id":"0000000c'),
      'no record has this key',
    ],
    [
      'a duplicate too few',
      'log/data.ndjson',
      (t) => t.replace('"what":"twice"', '"what":"once"'),
      'log, row 3: no record has these values',
    ],
    [
      'a wrong kind of id',
      'log/data.ndjson',
      (t) => t.replace('-8', '-4'),
      'the id is not a UUID of its rule',
    ],
    [
      'a swapped lineage',
      'people/lineage.ndjson',
      (t) => t.replace('["b","1"]', '["b","2"]'),
      'lineage.ndjson does not have this id',
    ],
    [
      'another table in the lineage',
      'people/lineage.ndjson',
      (t) => t.replace('we ird', 'weird'),
      'lineage line 1: not of this module',
    ],
    [
      'a wrong count',
      'checksums/run.json',
      (t) => t.replace('"count":3', '"count":4'),
      'the count is not the number of records',
    ],
    [
      'accounting that does not add up',
      'checksums/run.json',
      (t) => t.replace('"rows":3,"source"', '"rows":4,"source"'),
      'rows read are not emitting + filtered + rejected',
    ],
    [
      'accounting that adds up, but wrongly',
      'checksums/run.json',
      (t) =>
        t.replace('"rows":3,"source"', '"rows":4,"source"').replace('"rejected":0', '"rejected":1'),
      'not what the source and the records say',
    ],
    [
      'a wrong number of rows of a dropped table',
      'checksums/run.json',
      (t) => t.replace('"rows":1,', '"rows":2,'),
      'run.json, table secret: the rows are not count(*)',
    ],
    [
      'a module without accounting',
      'checksums/run.json',
      (t) => t.replace('"module":"log"', '"module":"lag"'),
      'module log: no accounting',
    ],
    [
      'a dropped table left out',
      'mapping/project.json',
      (t) => t.replace(/"dropped":\[.*?\],/, ''),
      'secret: the table must be either mapped or dropped',
    ],
    [
      'a view left out',
      'mapping/project.json',
      (t) => t.replace(/,?\{"reason":"a view","table":"everything"\}/, ''),
      'everything: the table must be either mapped or dropped',
    ],
    [
      'a dropped table that is not there',
      'mapping/project.json',
      (t) => t.replace('"secret"', '"sacred"'),
      'sacred: the source has no such table',
    ],
    [
      'a dropped column left out',
      'mapping/modules/people.json',
      (t) => t.replace(/"dropped":\{.*?\},/, ''),
      'people.hidden: the column must be either used or dropped',
    ],
  ])('finds %s (negative control)', async (_, file, change, found) => {
    expect(await spoiled(file, change)).toContain(found);
  });

  it('finds a blob that is missing, changed or belongs to no row (negative control)', async () => {
    const outputs: Compared[] = [];
    for (const how of ['missing', 'changed', 'extra']) {
      const dir = write(rightCandidate());
      const blobs = join(dir, 'kinds/blobs');
      const file = join(blobs, readdirSync(blobs)[0] ?? '');
      if (how === 'missing') rmSync(file);
      else writeFileSync(how === 'changed' ? file : join(blobs, '0'.repeat(64)), 'other');
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      outputs.push(await compare(dir));
    }
    expect(outputs.map(({ status }) => status)).toEqual([1, 1, 1]);
    expect(outputs[0]?.output).toContain('field "file": the blob is missing or differs');
    expect(outputs[1]?.output).toContain('field "file": the blob is missing or differs');
    expect(outputs[2]?.output).toBe(`kinds: a blob belongs to no row\n${FORM}`);
  });

  it('accepts a rejected row that the accounting owns up to, and only then', async () => {
    const file = join(folder, 'rejected.db');
    createSource(file, 'UTF-8');
    const db = new Database(file);
    db.exec(`INSERT INTO kinds (id, day) VALUES (4, '2024-02-30')`);
    db.close();
    const right = rightCandidate();
    const owned = right.modules.map((module) =>
      module.mapping.module === 'kinds' ? { ...module, rows: 4 } : module,
    );
    const tables = { ...right.tables, kinds: 4 };
    const ran = await compare(write({ ...right, modules: owned, tables }), file);
    expect(ran.status).toBe(0);
    expect((await compare(write(right), file)).output).toContain(
      'not what the source and the records say',
    );
  });

  it('fails where no cell was compared', async () => {
    const empty = join(folder, 'empty.db');
    new Database(empty).exec('CREATE TABLE t (id INTEGER PRIMARY KEY)').close();
    const key = [{ column: 'id', type: 'integer' }];
    const fields = { id: { column: 'id', type: 'integer' } };
    const mapping = { module: 't', source: { table: 't' }, key, id: { rule: 'keep' }, fields };
    const ran = await compare(
      write({ project: rightCandidate().project, modules: [{ mapping, records: [] }] }),
      empty,
    );
    expect(ran.status).toBe(1);
    expect(ran.output).toContain('run: no cell was compared');
  });

  it('prints no value', async () => {
    const output = await spoiled('kinds/data.ndjson', (text) =>
      text.replace('Zu\u0308rich', 'Basel'),
    );
    expect(output).not.toMatch(/Basel|Zu/);
  });
});
