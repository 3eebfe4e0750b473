/**
 * Plants defects in a clean dog school database, and says where: for each kind a few rows, of which
 * none has a second defect. The same seed gives the same defects. Knows nothing of any mapping.
 *
 *     node test/dogschool/defects.ts FILE.db TRUTH.json --seed 1 --per-kind 5
 */

import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import Database from 'better-sqlite3';

import type { Cell } from './bulk.ts';
import { CELL_KINDS, type CellKind, TextBytes } from './defectsOfCells.ts';
import { DECOYS } from './defectsDecoys.ts';
import { RECORD_KINDS } from './defectsOfRecords.ts';
import { type Random, randomOf, shuffled } from './random.ts';

export interface Defect {
  readonly n: number;
  readonly kind: string;
  readonly table: string;
  readonly rowid: number;
  readonly key: readonly Cell[];
  readonly column: string;
  readonly scan: string;
  readonly severity: 'BLOCKER' | 'WARNING' | 'INFO';
  readonly other_rowid?: number;
  readonly also?: readonly string[];
}

/** The truth file: what is wrong, and what only looks as if it were. */
export interface DefectTruth {
  readonly generator: string;
  readonly params: { readonly seed: number; readonly perKind: number };
  readonly defects_by_kind: Readonly<Record<string, number>>;
  readonly defects: readonly Defect[];
  readonly decoys: readonly Place[];
}

export interface Place {
  readonly table: string;
  readonly rowid: number;
  readonly column: string;
}

export type Row = Readonly<Record<string, Cell>> & { readonly rowid: number };

/** What the kinds plant with. */
export interface Bed {
  readonly db: Database.Database;
  readonly random: Random;
  /** A row that nothing has been done to, and never again the same one. */
  take(table: string, fits?: (row: Row) => boolean): Row;
  set(place: Place, value: Cell | TextBytes): void;
  /** Adds a copy of a row with some other values; its rowid. */
  copy(table: string, row: Row, changes: Readonly<Record<string, Cell>>): number;
  /** Writes down what has been planted. */
  note(place: Place, more?: { readonly other_rowid?: number; readonly also?: string[] }): void;
}

export interface DefectOptions {
  /** Default 1. */
  readonly seed?: number;
  /** Default 5. */
  readonly perKind?: number;
}

/** Changes the file. Throws where a table has too few rows. */
export function plantDefects(file: string, options: DefectOptions = {}): DefectTruth {
  const { seed = 1, perKind = 5 } = options;
  const db = new Database(file);
  const defects: Defect[] = [];
  const decoys: Place[] = [];
  const take = takerOf(db, seed);
  const bedOf = (kind: string, note: Bed['note']): Bed => {
    const random = randomOf(seed, `defects/${kind}`);
    return { db, random, take, set: setterOf(db), copy: copierOf(db), note };
  };
  const noterOf =
    ({ kind, scan, severity }: Omit<CellKind, 'places' | 'value'>): Bed['note'] =>
    (place, more = {}) => {
      const n = defects.length + 1;
      defects.push({ n, kind, ...place, key: keyOf(db, place), scan, severity, ...more });
    };
  db.pragma('foreign_keys = OFF');
  db.transaction(() => {
    for (const kind of CELL_KINDS) {
      plantCells(kind, bedOf(kind.kind, noterOf(kind)), perKind);
    }
    for (const kind of RECORD_KINDS) {
      const bed = bedOf(kind.kind, noterOf(kind));
      for (let n = 0; n < perKind; n++) kind.plant(bed, n);
    }
    for (const { table, column, values } of DECOYS) {
      const bed = bedOf('decoys', (place) => decoys.push(place));
      for (const value of values) {
        const place = { table, rowid: bed.take(table).rowid, column };
        bed.set(place, value);
        bed.note(place);
      }
    }
  })();
  db.close();
  const counts = Object.entries(Object.groupBy(defects, ({ kind }) => kind));
  return {
    generator: 'test/dogschool/defects.ts',
    params: { seed, perKind },
    defects_by_kind: Object.fromEntries(counts.map(([kind, all = []]) => [kind, all.length])),
    defects,
    decoys,
  };
}

/** A cell each, in the places of the kind in turn, beginning anywhere. */
function plantCells({ places, value }: CellKind, bed: Bed, perKind: number): void {
  const first = bed.random.integer(0, places.length - 1);
  for (let n = 0; n < perKind; n++) {
    const at = places[(first + n) % places.length];
    if (at === undefined) throw new Error('a kind without places');
    const [table = '', column = ''] = at.where.split('.');
    const fits = (row: Row): boolean => !at.filled || Boolean(row[column]);
    const row = at.line === true ? takeLine(bed) : bed.take(table, fits);
    const place = { table, rowid: row.rowid, column };
    bed.set(place, value(bed.random, row[column] ?? null, n));
    bed.note(place, at.also === undefined ? {} : { also: [at.also] });
  }
}

/** The first line of a payment that nothing has been done to; the payment is taken with it. */
function takeLine(bed: Bed): Row {
  const { id } = bed.take('zahlungen');
  const sql = 'SELECT rowid, * FROM positionen WHERE zahlungId = ? ORDER BY pos';
  return bed.db.prepare(sql).get(id) as Row;
}

function takerOf(db: Database.Database, seed: number): Bed['take'] {
  const free = new Map<string, number[]>();
  return (table, fits = () => true) => {
    let rows = free.get(table);
    if (rows === undefined) {
      const all = db.prepare(`SELECT rowid FROM ${table}`).pluck().all() as number[];
      rows = shuffled(all, randomOf(seed, `defects/rows/${table}`));
      free.set(table, rows);
    }
    const query = db.prepare(`SELECT rowid, * FROM ${table} WHERE rowid = ?`);
    const index = rows.findIndex((rowid) => fits(query.get(rowid) as Row));
    const [rowid] = index < 0 ? [] : rows.splice(index, 1);
    if (rowid === undefined) throw new Error(`${table} has too few rows for the defects`);
    return query.get(rowid) as Row;
  };
}

function setterOf(db: Database.Database): Bed['set'] {
  return ({ table, rowid, column }, value) => {
    const [cell, place] =
      value instanceof TextBytes ? [value.bytes, 'CAST(? AS TEXT)'] : [value, '?'];
    db.prepare(`UPDATE ${table} SET "${column}" = ${place} WHERE rowid = ?`).run(cell, rowid);
  };
}

function copierOf(db: Database.Database): Bed['copy'] {
  return (table, original, changes) => {
    const row: Record<string, Cell> = { ...original, ...changes };
    delete row['rowid'];
    const names = Object.keys(row).map((name) => `"${name}"`);
    const sql = `INSERT INTO ${table} (${names.join()}) VALUES (${names.map(() => '?').join()})`;
    return Number(db.prepare(sql).run(Object.values(row)).lastInsertRowid);
  };
}

/** The primary key, or the id of a table that declares none. */
function keyOf(db: Database.Database, { table, rowid }: Place): Cell[] {
  const columns = db.pragma(`table_info(${table})`) as { name: string; pk: number }[];
  const declared = columns.filter(({ pk }) => pk > 0).sort((a, b) => a.pk - b.pk);
  const names = declared.length === 0 ? ['id'] : declared.map(({ name }) => name);
  return db
    .prepare(`SELECT ${names.join()} FROM ${table} WHERE rowid = ?`)
    .raw()
    .get(rowid) as Cell[];
}

function main(): void {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { seed: { type: 'string' }, 'per-kind': { type: 'string' } },
  });
  const [file, truth] = positionals;
  const seed = Number(values.seed ?? 1);
  const perKind = Number(values['per-kind'] ?? 5);
  if (file === undefined || truth === undefined || !Number.isSafeInteger(seed + perKind)) {
    process.stderr.write(
      'usage: node test/dogschool/defects.ts FILE.db TRUTH.json [--seed S] [--per-kind N]\n',
    );
    process.exitCode = 64;
    return;
  }
  writeFileSync(truth, `${JSON.stringify(plantDefects(file, { seed, perKind }), null, 1)}\n`);
}

if (import.meta.main) main();
