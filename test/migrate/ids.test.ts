/**
 * Every rule for target ids, through real runs; each id is made again here from the published
 * construction, with nothing of Sealift.
 */

import { createHash, createHmac } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { beforeAll, describe, expect, it } from 'vitest';

import {
  candidateOf,
  compareCells,
  hasProgram,
  linesOf,
  merkleOf,
  migrate,
  recordsOf,
  workFolder,
  writeMapping,
} from '../kit/project.ts';
import { sealift } from '../kit/run.ts';
import { randomOf, shuffled } from '../dogschool/random.ts';
import { canonical, type Json } from '../independent/handMade.ts';

const folder = workFolder('ids');
const project = join(folder, 'project');
const PYTHON = hasProgram('python3');
const NAMESPACE = Buffer.from('6ba7b8109dad41d180b400c04fd430c8', 'hex');
const SECRETS = {
  SEALIFT_KEY_LOG_1: 'a1'.repeat(31) + 'ff',
  SEALIFT_KEY_SALT: 'b2'.repeat(31) + '00',
};
const LOG_KEY = Buffer.from(SECRETS.SEALIFT_KEY_LOG_1, 'hex');
const SALT = Buffer.from(SECRETS.SEALIFT_KEY_SALT, 'hex');

/** Rows of the table without key: some come once, twice and five times, and one is all null. */
const LOG: readonly (readonly [string | null, number | null])[] = [
  ...Array.from({ length: 5 }, () => ['five', 0.5] as const),
  ...Array.from({ length: 2 }, () => ['two', null] as const),
  [null, null],
  ...Array.from({ length: 40 }, (_, n) => [`once ${n}`, n] as const),
];

function writeDatabase(name: string, log: typeof LOG): string {
  const file = join(folder, name);
  const db = new Database(file);
  db.exec(`CREATE TABLE people (nr INTEGER, code TEXT, boss INTEGER);
    INSERT INTO people VALUES (1, 'a1', NULL), (2, 'ä"2', 1), (10, 'B', 2), (-3, '', 10);
    CREATE TABLE parts (t TEXT, n INTEGER, big INTEGER, p, day TEXT, at TEXT, b BLOB, flag INTEGER,
      guid TEXT, up_t TEXT, up_n INTEGER);
    INSERT INTO parts VALUES
      ('x', 1, 9223372036854775807, 0.5, '2024-01-01', '2024-06-01 12:00:00', x'00ff', 1,
       '0B000000-0000-4000-8000-00000000000A', NULL, NULL),
      ('x', 1, 9223372036854775807, '0.5', '2024-01-01', '2024-06-01 12:00:00', x'00ff', 0,
       '0B000000-0000-4000-8000-00000000000A', 'x', 1),
      ('x,1', 1, -1, 2, '2024-01-02', '2024-12-01 12:00:00.5', x'', 1,
       '0b000000-0000-4000-8000-00000000000b', NULL, NULL);
    CREATE TABLE log (what TEXT, at REAL)`);
  const insert = db.prepare('INSERT INTO log VALUES (?, ?)');
  for (const row of log) insert.run(row);
  db.close();
  return file;
}

const NR = { column: 'nr', type: 'integer' };
const PARTS = [
  ['t', 'string'],
  ['n', 'integer'],
  ['big', 'bigint'],
  ['p', 'decimal(2)'],
  ['day', 'date'],
  ['at', 'timestamp(1)'],
  ['b', 'bytes'],
  ['flag', 'boolean'],
  ['guid', 'uuid'],
].map(([column = '', type = '']) => ({ column, type }));

/** The key's columns but the first two; its local time becomes an instant. */
const PART_FIELDS = {
  ...(Object.fromEntries(PARTS.slice(2).map((part) => [part.column, part])) as object),
  at: { column: 'at', type: 'timestamptz(1)', zone: 'Europe/Zurich' },
};

function mapping(): Parameters<typeof writeMapping>[1] {
  const people = { source: { table: 'people' }, key: [NR] };
  const log = {
    source: { table: 'log' },
    key: [],
    fields: { what: { column: 'what', type: 'string' }, at: { column: 'at', type: 'float' } },
  };
  const code = { column: 'code', type: 'string' };
  return {
    sources: { main: 'sqlite:../ids.db' },
    modules: {
      'people-keep': {
        ...people,
        id: { rule: 'keep' },
        blind: 'salt',
        fields: { nr: NR, code, ...boss('people-keep') },
      },
      // The key's column stands in two fields; the one of the key's type orders the records.
      'people-twice': {
        ...people,
        id: { rule: 'keep' },
        fields: { a: { column: 'nr', type: 'bigint' }, nr: NR, code, ...boss('people-twice') },
      },
      'people-uuid': {
        ...people,
        id: { rule: 'uuid' },
        blind: 'salt',
        fields: { nr: NR, code, ...boss('people-uuid') },
      },
      'people-registry': {
        ...people,
        id: { rule: 'registry', registry: 'people', field: 'person' },
        blind: 'salt',
        fields: { nr: NR, code, ...boss('people-registry') },
      },
      'people-code': {
        ...people,
        key: [code],
        id: { rule: 'registry', registry: 'codes' },
        fields: { nr: NR, ...boss('people-uuid') },
      },
      parts: {
        source: { table: 'parts' },
        key: PARTS,
        id: { rule: 'uuid' },
        fields: PART_FIELDS,
        dropped: { up_t: 'not a whole key', up_n: 'not a whole key' },
      },
      log: { ...log, id: { rule: 'keyless' }, blind: 'salt' },
      'log-secret': { ...log, id: { rule: 'keyless', key: 'log-1', field: 'entry' } },
    },
    registries: {
      people: registry(['10', '-3', '1', '2']),
      // The row whose code is empty has no entry.
      codes: registry(['ä"2', 'B', 'a1', 'unused'], 100),
    },
  };
}

/** Target ids descend while the entries ascend, so that the order comes from the ids. */
function registry(legacyIds: readonly string[], first = 0): string {
  return legacyIds.map((legacyId, n) => registryLine(legacyId, first + n)).join('');
}

function registryLine(legacyId: string, n: number): string {
  return `${JSON.stringify({ legacyId, targetUuid: registered(n) })}\n`;
}

function registered(n: number): string {
  return `${(0xffff0000 - n * 7).toString(16)}-0000-4000-8000-${String(n).padStart(12, '0')}`;
}

const boss = (reference: string): object => ({ boss: { reference, columns: ['boss'] } });
const text = (value: unknown): string => canonical(value as Json);

function uuid(bytes: Buffer, version: 5 | 8): string {
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | (version << 4);
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  return bytes
    .toString('hex', 0, 16)
    .replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

const version5 = (name: string): string =>
  uuid(createHash('sha1').update(NAMESPACE).update(name).digest(), 5);
const personId = (nr: unknown): string => version5(text(['people-uuid', nr]));
const version8 = (name: string): string =>
  uuid(createHmac('sha256', LOG_KEY).update(name).digest(), 8);
const blindOf = (key: unknown): string =>
  createHmac('sha256', SALT).update(text(key)).digest().subarray(0, 16).toString('base64url');

function withoutBlind(lines: readonly string[]): string[] {
  return lines.map((line) => line.replace(/,?"~":"[^"]*"/, ''));
}

/** The ids of a keyless module, from the contents alone. */
function contentIds(module: string, make: (name: string) => string): string[] {
  const seen = new Map<string, number>();
  return LOG.map(([what, at]) => {
    const content = text({ at, what });
    const ordinal = seen.get(content) ?? 0;
    seen.set(content, ordinal + 1);
    return make(`${JSON.stringify(module)}${content}${ordinal}`);
  }).sort();
}

beforeAll(() => {
  writeDatabase('ids.db', LOG);
  writeMapping(project, mapping());
});

describe('a registry', () => {
  it('without an entry for a row rejects the row, with row, field and no value', async () => {
    const ran = await sealift(['migrate', '--project', project], { env: SECRETS });
    expect(ran.code).toBe(1);
    expect(ran.stdout).toContain(
      'BLOCKER registry people-code · id · row 4: the registry has no entry for the legacy id',
    );
    expect(existsSync(candidateOf(project))).toBe(false);
  });
});

describe('ids', () => {
  beforeAll(async () => {
    await migrate(project, ['--allow-rejected', '1'], { env: SECRETS });
  });

  it('of rule keep are the legacy keys, in the order of numbers', () => {
    const records = recordsOf(project, 'people-keep');
    expect(records.map((record) => record['nr'])).toEqual([-3, 1, 2, 10]);
    expect(records.map((record) => record['boss'])).toEqual([10, null, 1, 2]);
    expect(records.every((r) => r['~'] === blindOf(['people-keep', r['nr']]))).toBe(true);
    expect(existsSync(join(candidateOf(project), 'people-keep/lineage.ndjson'))).toBe(false);
  });

  it('of rule keep are taken from the field that has the type of the key', () => {
    const { order } = merkleOf(project, 'people-twice');
    expect(order).toEqual({ fields: ['nr'], types: ['integer'] });
    const records = recordsOf(project, 'people-twice');
    expect(records.map(({ a, nr }) => [a, nr])).toEqual([
      ['-3', -3],
      ['1', 1],
      ['2', 2],
      ['10', 10],
    ]);
  });

  it('of rule uuid are version 5 over module and key, also in references', () => {
    const records = recordsOf(project, 'people-uuid');
    expect(records.map((record) => record['id'])).toEqual([-3, 1, 2, 10].map(personId).sort());
    expect(records.every((record) => record['id'] === personId(record['nr']))).toBe(true);
    expect(records.find((record) => record['nr'] === 2)?.['boss']).toBe(personId(1));
    expect(records.every((r) => r['~'] === blindOf(['people-uuid', r['id']]))).toBe(true);
    const lineage = linesOf(project, 'people-uuid', 'lineage.ndjson');
    const expected = records.map(({ id, nr }) => text({ id, key: [nr], ...PEOPLE }));
    expect(lineage).toEqual(expected);
  });

  it('of rule registry are those of the list, also in references', () => {
    const records = recordsOf(project, 'people-registry');
    const ids = {
      '10': registered(0),
      '-3': registered(1),
      '1': registered(2),
      '2': registered(3),
    };
    expect(records.map(({ person, nr, boss }) => [person, nr, boss])).toEqual([
      [ids['2'], 2, ids['1']],
      [ids['1'], 1, null],
      [ids['-3'], -3, ids['10']],
      [ids['10'], 10, ids['2']],
    ]);
    expect(records.every((r) => r['~'] === blindOf(['people-registry', r['person']]))).toBe(true);
    const lineage = linesOf(project, 'people-code', 'lineage.ndjson');
    expect(lineage[0]).toBe(text({ id: registered(102), key: ['a1'], ...PEOPLE }));
    expect(merkleOf(project, 'people-registry').order).toEqual({
      fields: ['person'],
      types: ['uuid'],
    });
  });

  it('of a key of many types are made from its canonical parts', () => {
    const same = ['x', 1, '9223372036854775807', '0.50', '2024-01-01', '2024-06-01T12:00:00.0'];
    const guid = '0b000000-0000-4000-8000-00000000000a';
    const third = ['x,1', 1, '-1', '2.00', '2024-01-02', '2024-12-01T12:00:00.5', '', true];
    const ids = [
      [...same, 'AP8=', true, guid],
      [...same, 'AP8=', false, guid],
      [...third, '0b000000-0000-4000-8000-00000000000b'],
    ].map((key) => version5(text(['parts', ...key])));
    expect(recordsOf(project, 'parts').map((record) => record['id'])).toEqual(ids.sort());
    const zoned = recordsOf(project, 'parts').map((record) => record['at']);
    expect(zoned.map(String).sort()).toEqual([
      '2024-06-01T10:00:00.0Z',
      '2024-06-01T10:00:00.0Z',
      '2024-12-01T11:00:00.5Z',
    ]);
  });

  it('of rows without key come from content and ordinal; equal rows have distinct ones', () => {
    const plain = recordsOf(project, 'log').map((record) => String(record['id']));
    expect(plain).toEqual(contentIds('log', version5));
    expect(new Set(plain).size).toBe(LOG.length);
    const secret = recordsOf(project, 'log-secret').map((record) => String(record['entry']));
    expect(secret).toEqual(contentIds('log-secret', version8));
    expect(new Set(secret).size).toBe(LOG.length);
    const blind = recordsOf(project, 'log').every((r) => r['~'] === blindOf(['log', r['id']]));
    expect(blind).toBe(true);
  });

  it.skipIf(!PYTHON)('are those that an independent script computes, where it can', () => {
    const ran = compareCells(join(folder, 'ids.db'), project);
    expect(ran.stdout + ran.stderr).toMatch(/^\d{3} cells compared, all equal\n/);
  });

  it('do not depend on the order of the rows', async () => {
    const before = { log: linesOf(project, 'log'), secret: linesOf(project, 'log-secret') };
    const file = writeDatabase('shuffled.db', shuffled([...LOG], randomOf(5, 'log')));
    const args = ['--source', `sqlite:${file}`, '--allow-rejected', '1'];
    await migrate(project, args, { env: SECRETS });
    expect(linesOf(project, 'log')).toEqual(before.log);
    expect(linesOf(project, 'log-secret')).toEqual(before.secret);
  });

  it('and blinds change with the secret, and nothing else does (negative control)', async () => {
    const before = { log: linesOf(project, 'log'), secret: linesOf(project, 'log-secret') };
    const keep = linesOf(project, 'people-keep');
    const env = { ...SECRETS, SEALIFT_KEY_SALT: SECRETS.SEALIFT_KEY_LOG_1 };
    await migrate(project, ['--allow-rejected', '1'], { env });
    expect(linesOf(project, 'log-secret')).toEqual(before.secret);
    expect(linesOf(project, 'log')).not.toEqual(before.log);
    expect(withoutBlind(linesOf(project, 'log'))).toEqual(withoutBlind(before.log));
    expect(withoutBlind(linesOf(project, 'people-keep'))).toEqual(withoutBlind(keep));
  });
});

const PEOPLE = { source: 'main', table: 'people' };
