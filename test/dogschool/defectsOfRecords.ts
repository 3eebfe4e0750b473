/** Kinds of defects that take more than one cell: copies, cycles, times, lists, pairs. */

import { DAY_SECONDS, dateOf, dayOf } from './calendar.ts';
import type { CellKind } from './defectsOfCells.ts';
import type { Bed, Row } from './defects.ts';

export interface RecordKind {
  readonly kind: string;
  readonly scan: string;
  readonly severity: CellKind['severity'];
  /** Plants the n-th one. */
  readonly plant: (bed: Bed, n: number) => void;
}

const BLOCKER = 'BLOCKER';
const WARNING = 'WARNING';
const CODED = ['kunden', 'hunde', 'zahlungen'];

export const RECORD_KINDS: readonly RecordKind[] = [
  { kind: 'dup_id_exact', scan: 'schema', severity: BLOCKER, plant: duplicate(CODED, () => ({})) },
  {
    kind: 'dup_id_conflict',
    scan: 'schema',
    severity: BLOCKER,
    plant: duplicate(CODED, (row) => {
      const changed = ['nachname', 'rasse', 'beschreibung'].find((column) => column in row);
      return { code: `${text(row['code'])}X`, [changed ?? 'code']: 'Anders' };
    }),
  },
  {
    kind: 'dup_id_case',
    scan: 'schema',
    severity: BLOCKER,
    plant: duplicate(['kunden', 'hunde'], ({ id, code }) => ({
      id: text(id).toUpperCase(),
      code: `${text(code)}X`,
    })),
  },
  {
    kind: 'dup_id_space',
    scan: 'schema',
    severity: BLOCKER,
    plant: duplicate(['kunden', 'hunde'], ({ id, code }, n) => ({
      id: n % 3 === 0 ? ` ${text(id)}` : `${text(id)} `,
      code: `${text(code)}X`,
    })),
  },
  { kind: 'dup_code', scan: 'schema', severity: WARNING, plant: duplicateCode },
  { kind: 'ref_cycle', scan: 'invariant', severity: BLOCKER, plant: cycle },
  { kind: 'fk_orphan_json', scan: 'fk', severity: BLOCKER, plant: orphanInList },
  { kind: 'fk_orphan_composite', scan: 'fk', severity: BLOCKER, plant: orphanPair },
  { kind: 'denorm_drift', scan: 'drift', severity: WARNING, plant: otherTrainer },
  { kind: 'capacity_exceeded', scan: 'invariant', severity: BLOCKER, plant: tooFewPlaces },
  { kind: 'time_order', scan: 'invariant', severity: BLOCKER, plant: swapTimes },
  { kind: 'date_dst_gap', scan: 'schema', severity: WARNING, plant: skippedHour },
];

function duplicate(
  tables: readonly string[],
  changes: (row: Row, n: number) => Readonly<Record<string, string>>,
): RecordKind['plant'] {
  return (bed, n) => {
    const table = tables[n % tables.length] ?? '';
    const row = bed.take(table);
    const rowid = bed.copy(table, row, changes(row, n));
    bed.note({ table, rowid, column: 'id' }, { other_rowid: row.rowid });
  };
}

/** Another payment with an id, lines and a number of its own, but the code of the first. */
function duplicateCode(bed: Bed, n: number): void {
  const table = 'zahlungen';
  const row = bed.take(table);
  const id = `${text(row['id'])}-b${n}`;
  const line = [id, 1, 'Nachtrag', 1, row['betrag']];
  bed.db.prepare('INSERT INTO positionen VALUES (?, ?, ?, ?, ?)').run(line);
  const rowid = bed.copy(table, row, { id });
  bed.note({ table, rowid, column: 'code' }, { other_rowid: row.rowid });
}

/** A trainer who leads himself; the second time two who lead each other. */
function cycle(bed: Bed, n: number): void {
  const table = 'trainer';
  const column = 'leiterId';
  const first = bed.take(table);
  const other = n === 1 ? bed.take(table) : first;
  for (const [one, leader] of [
    [first, other],
    [other, first],
  ] as const) {
    bed.set({ table, rowid: one.rowid, column }, leader['id'] ?? null);
    bed.note({ table, rowid: one.rowid, column });
    if (one === leader) return;
  }
}

function orphanInList(bed: Bed): void {
  const row = bed.take('kurse');
  const dogs = JSON.parse(text(row['hundIds'])) as string[];
  dogs.splice(bed.random.integer(0, dogs.length), 0, `hund-8${bed.random.digits(7)}`);
  const place = { table: 'kurse', rowid: row.rowid, column: 'hundIds' };
  bed.set(place, JSON.stringify(dogs));
  bed.note(place, { also: ['hundIds≠buchungen'] });
}

/** Course and dog exist, but the dog is not booked. */
function orphanPair(bed: Bed): void {
  const table = 'anwesenheit';
  const row = bed.take(table);
  const stranger = bed.db
    .prepare(
      `SELECT id FROM hunde WHERE id NOT IN (SELECT hundId FROM buchungen WHERE kursId = ?)
        AND id NOT IN (SELECT hundId FROM anwesenheit WHERE kursId = ?)
        ORDER BY rowid LIMIT 1 OFFSET ?`,
    )
    .pluck()
    .get(row['kursId'], row['kursId'], bed.random.integer(0, 200)) as string;
  bed.set({ table, rowid: row.rowid, column: 'hundId' }, stranger);
  bed.note({ table, rowid: row.rowid, column: 'kursId+hundId' });
}

function otherTrainer(bed: Bed): void {
  const row = bed.take('kurse');
  const name = bed.db
    .prepare('SELECT name FROM trainer WHERE name <> ? ORDER BY rowid')
    .pluck()
    .get(row['trainerName']) as string;
  const place = { table: 'kurse', rowid: row.rowid, column: 'trainerName' };
  bed.set(place, name);
  bed.note(place);
}

function tooFewPlaces(bed: Bed): void {
  const row = bed.take('kurse');
  const place = { table: 'kurse', rowid: row.rowid, column: 'capacity' };
  bed.set(place, Number(row['bookedCount']) - bed.random.integer(1, 4));
  bed.note(place);
}

function swapTimes(bed: Bed, n: number): void {
  const [table, from, to] =
    n % 2 === 0
      ? (['kurse', 'startTime', 'endTime'] as const)
      : (['kalender', 'start', 'end'] as const);
  const row = bed.take(table);
  bed.set({ table, rowid: row.rowid, column: from }, row[to] ?? null);
  bed.set({ table, rowid: row.rowid, column: to }, row[from] ?? null);
  bed.note({ table, rowid: row.rowid, column: `${from}+${to}` });
}

/** In Switzerland clocks jump from 2 to 3 on the last Sunday of March. */
function skippedHour(bed: Bed): void {
  const row = bed.take('kalender');
  let day = dayOf(bed.random.integer(2010, 2025), 3, 31);
  while (new Date(day * DAY_SECONDS * 1000).getUTCDay() !== 0) day--;
  const place = { table: 'kalender', rowid: row.rowid, column: 'start' };
  const minute = String(bed.random.integer(0, 59)).padStart(2, '0');
  bed.set(place, `${dateOf(day)}T02:${minute}:00`);
  bed.set({ ...place, column: 'end' }, `${dateOf(day)}T05:00:00`);
  bed.note(place);
}

function text(cell: unknown): string {
  return String(cell);
}
