/** A small source with every kind of value and id rule, and the candidate that is right for it. */

import { createHash } from 'node:crypto';
import Database from 'better-sqlite3';
import { canonical, type HandMade, type HandMadeModule, type Json, sha256 } from './handMade.ts';

export const NAMESPACE = '6ba7b810-9dad-41d1-80b4-00c04fd430c8';
const FILE = new Uint8Array(70_000).fill(7);

export function createSource(file: string, encoding: string): void {
  const db = new Database(file);
  db.pragma(`encoding = '${encoding}'`);
  db.pragma('foreign_keys = OFF');
  db.exec(`CREATE TABLE kinds (id INTEGER PRIMARY KEY, big INTEGER, price DECIMAL(6,2), ratio REAL,
      text TEXT, flag BOOLEAN, day TEXT, clock TEXT, local TEXT, instant TEXT, guid TEXT, mood TEXT,
      doc TEXT, tags TEXT, any, small BLOB, file BLOB);
    CREATE TABLE "we ird""t" ("a ""b" TEXT, n INTEGER, boss_b TEXT, boss_n INTEGER, hidden TEXT,
      PRIMARY KEY ("a ""b", n));
    CREATE TABLE towns (nr INTEGER PRIMARY KEY, name TEXT);
    CREATE TABLE log (what TEXT, at REAL);
    CREATE TABLE secret (token TEXT);
    CREATE VIEW everything AS SELECT * FROM kinds;`);
  const kinds = db.prepare(`INSERT INTO kinds VALUES (${Array(17).fill('?').join(', ')})`);
  kinds.run([
    1n,
    9_007_199_254_740_993n,
    0.1,
    1e300,
    'Zu\u0308rich\0🐕\u2028',
    1n,
    '2024-02-29',
    '08:15:00',
    '2024-03-31 02:30:00.25',
    '2024-07-01 12:00:00.5',
    '0B000000-0000-4000-8000-00000000000A',
    'good',
    '{"b":[1.0,2e2],"a":"\\u00e9"}',
    '["x",null]',
    5n,
    new Uint8Array([0, 255]),
    FILE,
  ]);
  kinds.run([
    2n,
    -1n,
    5,
    0.5,
    'two',
    0n,
    null,
    '23:59:59.1',
    null,
    '2024-01-01T00:00:00+02:00',
    null,
    null,
    null,
    null,
    5,
    new Uint8Array(),
    new Uint8Array(),
  ]);
  kinds.run([
    3n,
    null,
    null,
    null,
    '',
    null,
    null,
    null,
    null,
    null,
    null,
    null,
    'null',
    '[]',
    null,
    null,
    null,
  ]);
  db.exec(`INSERT INTO "we ird""t" VALUES ('b', 1, NULL, NULL, 'x'), ('a', 10, 'b', 1, 'y');
    INSERT INTO towns VALUES (1, 'Aarau'), (2, 'Baden');
    INSERT INTO log VALUES ('twice', 0.5), ('other', NULL), ('twice', 0.5);
    INSERT INTO secret VALUES ('x')`);
  db.close();
}

export function rightCandidate(): HandMade {
  return {
    project: {
      dropped: [
        { reason: 'not needed', table: 'secret' },
        { reason: 'a view', table: 'everything' },
      ],
      format: 1,
      name: 'fixture',
      namespace: NAMESPACE,
      sources: { main: { url: 'sqlite:source.db' } },
    },
    modules: [kinds(), log(), people(), towns()],
    tables: { everything: null, kinds: 3, log: 3, secret: 1, towns: 2, 'we ird"t': 2 },
    registries: {
      'towns.ndjson':
        '{"legacyId":"2","targetUuid":"0000000a-0000-4000-8000-000000000000"}\n' +
        '{"legacyId":"1","targetUuid":"0000000b-0000-4000-8000-000000000000"}\n',
    },
  };
}

function kinds(): HandMadeModule {
  const types: Record<string, Typed> = {
    id: column('integer', { required: true }),
    big: column('bigint'),
    price: column('decimal(2)'),
    ratio: column('float'),
    text: column('string', { maxLength: 10 }),
    flag: column('boolean'),
    day: column('date'),
    clock: column('time(1)'),
    local: column('timestamp(3)'),
    instant: column('timestamptz(1)', { zone: 'Europe/Zurich' }),
    guid: column('uuid'),
    mood: column('enum', { values: ['good', 'bad'] }),
    doc: column('json'),
    tags: column('array(string)'),
    any: column('tagged'),
    small: column('bytes'),
    file: column('blob'),
  };
  const fields = Object.entries(types).map(([name, type]) => [name, { column: name, ...type }]);
  const none = Object.fromEntries(Object.keys(types).map((name) => [name, null]));
  return {
    mapping: {
      fields: Object.fromEntries(fields),
      id: { rule: 'keep' },
      key: [{ column: 'id', type: 'integer' }],
      module: 'kinds',
      source: { table: 'kinds' },
    },
    records: [
      {
        id: 1,
        big: '9007199254740993',
        price: '0.10',
        ratio: 1e300,
        flag: true,
        text: 'Zu\u0308rich\0🐕\u2028',
        day: '2024-02-29',
        clock: '08:15:00.0',
        local: '2024-03-31T02:30:00.250',
        instant: '2024-07-01T10:00:00.5Z',
        mood: 'good',
        guid: '0b000000-0000-4000-8000-00000000000a',
        doc: { a: 'é', b: [1, 200] },
        tags: ['x', null],
        any: { number: '5' },
        small: 'AP8=',
        file: { sha256: sha256(FILE), size: FILE.length },
      },
      {
        ...none,
        id: 2,
        big: '-1',
        price: '5.00',
        ratio: 0.5,
        flag: false,
        text: 'two',
        clock: '23:59:59.1',
        instant: '2023-12-31T22:00:00.0Z',
        any: { number: '5' },
        small: '',
        file: { sha256: sha256(''), size: 0 },
      },
      { ...none, id: 3, text: '', tags: [] },
    ],
    blobs: [FILE, new Uint8Array()],
  };
}

/** Ids of version 5, and a reference of the table to itself. */
function people(): HandMadeModule {
  const boss = uuidOf(['people', 'b', '1']);
  const other = uuidOf(['people', 'a', '10']);
  const records = [
    { boss: null, id: boss, n: 1, name: 'b' },
    { boss, id: other, n: 10, name: 'a' },
  ];
  return {
    mapping: {
      dropped: { hidden: 'not needed' },
      fields: {
        boss: { columns: ['boss_b', 'boss_n'], reference: 'people' },
        n: { column: 'n', type: 'integer' },
        name: { column: 'a "b', type: 'string' },
      },
      id: { rule: 'uuid' },
      key: [
        { column: 'a "b', type: 'string' },
        { column: 'n', type: 'bigint' },
      ],
      module: 'people',
      source: { name: 'main', table: 'we ird"t' },
    },
    records: records.toSorted((a, b) => (a.id < b.id ? -1 : 1)),
    lineage: [lineage(boss, ['b', '1']), lineage(other, ['a', '10'])],
  };
}

function towns(): HandMadeModule {
  const ids = ['0000000a-0000-4000-8000-000000000000', '0000000b-0000-4000-8000-000000000000'];
  const [baden = '', aarau = ''] = ids;
  return {
    mapping: {
      fields: { name: { column: 'name', type: 'string' } },
      id: { registry: 'towns', rule: 'registry' },
      key: [{ column: 'nr', type: 'integer' }],
      module: 'towns',
      source: { table: 'towns' },
    },
    records: [
      { id: baden, name: 'Baden' },
      { id: aarau, name: 'Aarau' },
    ],
    lineage: [
      { id: baden, key: [2], source: 'main', table: 'towns' },
      { id: aarau, key: [1], source: 'main', table: 'towns' },
    ],
  };
}

/** Rows without a key, ids made with a secret: what stands for them is made up, of the right form. */
function log(): HandMadeModule {
  return {
    mapping: {
      fields: { at: { column: 'at', type: 'float' }, what: { column: 'what', type: 'string' } },
      id: { key: '2025-a', rule: 'keyless' },
      key: [],
      module: 'log',
      source: { table: 'log' },
    },
    records: [
      { at: 0.5, id: standIn(1), what: 'twice' },
      { at: null, id: standIn(2), what: 'other' },
      { at: 0.5, id: standIn(3), what: 'twice' },
    ],
  };
}

type Typed = { readonly [member: string]: Json };

function column(type: string, more: Typed = {}): Typed {
  return { type, ...more };
}

function lineage(id: string, key: Json): Json {
  return { id, key, source: 'main', table: 'we ird"t' };
}

function standIn(n: number): string {
  return `0000000${n}-0000-8000-8000-000000000000`;
}

function uuidOf(name: Json): string {
  return version5(canonical(name));
}

/** RFC 9562 §5.5: SHA-1 of the namespace and the name. */
export function version5(name: string): string {
  const space = Buffer.from(NAMESPACE.replaceAll('-', ''), 'hex');
  const bytes = createHash('sha1').update(space).update(name).digest().subarray(0, 16);
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x50;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = bytes.toString('hex');
  const parts = [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20)];
  return [...parts, hex.slice(20)].join('-');
}
