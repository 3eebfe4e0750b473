/** A source of whose rows not every one becomes a record, and the candidate that is right for it. */

import Database from 'better-sqlite3';
import { NAMESPACE, version5 } from './compareFixture.ts';
import { canonical, type HandMade, type HandMadeModule, type Json } from './handMade.ts';

/** All tables but those of `without`. */
export function createRows(file: string, without: readonly string[] = []): void {
  const db = new Database(file);
  db.exec(`CREATE TABLE members (nr INTEGER, state, joined, gone, score, kind, name, sponsor);
    INSERT INTO members VALUES
      (1, 'active', '2015-01-01', NULL, 9, 'a', 'Ada', NULL),
      (1, 'active', '2015-01-01', NULL, 9, 'b', 'Ada', NULL),
      (2, '5', '2020', NULL, 1, 'a', 'a text is no number', NULL),
      (3, 5.0, '2020', NULL, 9.99, NULL, 'Bo', 2),
      (4, 'active', '2014-12-31', NULL, 1, 'a', 'too early', NULL),
      (5, 'active', '2020', 'x', 1, 'a', 'gone', NULL),
      (6, 'active', '2020', NULL, '3', 'a', 'no number', NULL),
      (7, 'active', '2020', NULL, 10, 'a', 'too many', NULL),
      (8, 'active', '2020', NULL, 1, 'x', 'of a kind that is left out', NULL),
      (9, 'active', '2020', NULL, 1, 'a', 'one', NULL),
      (9, 'active', '2020', NULL, 1, 'a', 'other', NULL),
      (10, 'active', '2020', NULL, 1, 'a', 'Cy', 1);
    CREATE TABLE orders (nr INTEGER PRIMARY KEY, member INTEGER, previous INTEGER);
    INSERT INTO orders VALUES (1, 1, NULL), (2, 2, NULL), (3, 1, 2), (4, 10, 3), (5, 10, 1);
    CREATE TABLE notes (what TEXT);
    INSERT INTO notes VALUES ('same'), ('other'), ('same');
    CREATE TABLE rooms (house TEXT, nr INTEGER, next_house TEXT, next_nr INTEGER, near,
      PRIMARY KEY (house, nr));
    INSERT INTO rooms VALUES ('A ', 1, 'a', 2, 'CH'), ('a', 2, 'a', NULL, 'XX'), ('B', 1, NULL, NULL, 5);
    CREATE TABLE countries (code TEXT PRIMARY KEY, name TEXT);
    INSERT INTO countries VALUES ('CH', 'Switzerland');`);
  for (const table of without) db.exec(`DROP TABLE ${table}`);
  db.close();
}

export const idOf = (module: string, key: Json): string => version5(canonical([module, key]));

type Member = { readonly id: string; readonly [field: string]: Json };

export function rowsCandidate(): HandMade {
  return {
    project: { format: 1, name: 'rows', namespace: NAMESPACE, sources: {} },
    modules: [countries(), members(), notes(), orders(), rooms()],
    tables: { countries: 1, members: 12, notes: 3, orders: 5, rooms: 3 },
  };
}

const sorted = (records: readonly Member[]): Member[] =>
  records.toSorted((a, b) => (a.id < b.id ? -1 : 1));

function members(): HandMadeModule {
  const records = [
    { id: idOf('members', 1), name: 'Ada', sponsor: null },
    { id: idOf('members', 3), name: 'Bo', sponsor: null },
    { id: idOf('members', 10), name: 'Cy', sponsor: idOf('members', 1) },
  ];
  const dropped = Object.fromEntries(
    ['state', 'joined', 'gone', 'score', 'kind'].map((column) => [column, 'not needed']),
  );
  return {
    mapping: {
      dropped,
      fields: {
        name: { column: 'name', type: 'string' },
        sponsor: { columns: ['sponsor'], onFilteredParent: 'null', reference: 'members' },
      },
      id: { rule: 'uuid' },
      key: [{ column: 'nr', type: 'integer' }],
      merge: 'equal',
      module: 'members',
      source: { table: 'members' },
      where: [
        { column: 'state', in: ['active', 5] },
        { column: 'joined', atLeast: '2015-01-01' },
        { column: 'gone', isNull: true },
        { column: 'score', below: 10 },
        { column: 'kind', notIn: ['x'] },
      ],
    },
    records: sorted(records),
    lineage: [1, 3, 10].map((nr) => lineage('members', nr)),
    rows: 12,
    filtered: 6,
    merged: 1,
  };
}

function order(nr: number, member: number, previous: number | null): Member {
  return {
    id: idOf('orders', nr),
    member: idOf('members', member),
    previous: previous === null ? null : idOf('orders', previous),
  };
}

function orders(): HandMadeModule {
  return {
    mapping: {
      fields: {
        member: { columns: ['member'], onFilteredParent: 'filter', reference: 'members' },
        previous: { columns: ['previous'], onFilteredParent: 'filter', reference: 'orders' },
      },
      id: { rule: 'uuid' },
      key: [{ column: 'nr', type: 'integer' }],
      module: 'orders',
      source: { table: 'orders' },
    },
    records: sorted([order(1, 1, null), order(5, 10, 1)]),
    lineage: [1, 5].map((nr) => lineage('orders', nr)),
    rows: 5,
    filtered: 3,
  };
}

function note(what: string, ordinal: number): Member {
  return { id: version5(`"notes"${canonical({ what })}${ordinal}`), what };
}

function notes(): HandMadeModule {
  return {
    mapping: {
      fields: { what: { column: 'what', type: 'string' } },
      id: { rule: 'keyless' },
      key: [],
      module: 'notes',
      source: { table: 'notes' },
    },
    records: sorted([note('same', 0), note('same', 1), note('other', 0)]),
  };
}

function roomId(house: string, nr: number): string {
  return version5(canonical(['rooms', house, nr]));
}

/** A key that is spelled in two ways, and a reference of which half is null. */
function rooms(): HandMadeModule {
  const room = (house: string, nr: number, next: string | null, house2: string | null): Member => ({
    id: roomId(house, nr),
    next,
    nextHouse: house2,
    near: house === 'a' && nr === 1 ? idOf('countries', 'CH') : null,
  });
  return {
    mapping: {
      dropped: { house: 'how it is spelled means nothing' },
      fields: {
        next: { columns: ['next_house', 'next_nr'], reference: 'rooms' },
        nextHouse: { column: 'next_house', type: 'string' },
        near: { columns: ['near'], onMissing: 'null', reference: 'countries' },
      },
      id: { rule: 'uuid' },
      key: [
        { column: 'house', type: 'string', transforms: ['trim', 'lower'] },
        { column: 'nr', type: 'integer' },
      ],
      module: 'rooms',
      source: { table: 'rooms' },
    },
    records: sorted([
      room('a', 1, roomId('a', 2), 'a'),
      room('a', 2, null, 'a'),
      room('b', 1, null, null),
    ]),
    lineage: [['a', 1] as const, ['a', 2] as const, ['b', 1] as const].map(([house, nr]) => ({
      id: roomId(house, nr),
      key: [house, nr],
      source: 'main',
      table: 'rooms',
    })),
  };
}

function countries(): HandMadeModule {
  return {
    mapping: {
      external: true,
      fields: {},
      id: { rule: 'uuid' },
      key: [{ column: 'code', type: 'string' }],
      module: 'countries',
      source: { table: 'countries' },
    },
    records: [{ id: idOf('countries', 'CH') }],
    lineage: [lineage('countries', 'CH')],
  };
}

function lineage(table: string, key: Json): Json {
  return { id: idOf(table, key), key: [key], source: 'main', table };
}
