/**
 * The legacy database beside the checkout: each piece of personal data that was planted in it is
 * found in its cell, and nothing else is, decoys and the numbers of transponders included.
 */

import Database from 'better-sqlite3';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

import { classesNamed } from '../../src/pii/columnEvidence.ts';
import { findPii } from '../../src/pii/findPii.ts';
import { personNames } from '../../src/pii/personNames.ts';
import { PII_CLASSES, type PiiClass, type PiiContext } from '../../src/pii/piiClass.ts';
import { quote } from '../../src/sql/quote.ts';
import { shared } from '../shared.ts';
import { figures } from './figures.ts';

const LEGACY = shared('data/legacy/a10k.db');
const TRUTH = shared('data/legacy/a10k.truth.json');

interface Planted {
  readonly kind: string;
  readonly table: string;
  readonly rowid: number;
  readonly column: string;
  readonly pii?: PiiClass;
  readonly start16?: number;
  readonly end16?: number;
}
interface Truth {
  readonly rows: Readonly<Record<string, number>>;
  /** Class of each column of personal data, by `table.column`. */
  readonly pii_columns: Readonly<Record<string, PiiClass>>;
  readonly defects: readonly Planted[];
  readonly decoys: readonly { readonly table: string; readonly rowid: number }[];
}

interface Found {
  readonly cell: string;
  readonly of: PiiClass;
  readonly start: number;
  readonly end: number;
}

/** Searches every cell with a text or a number; data of the class of their column are not counted. */
function search(db: Database.Database, truth: Truth): Found[] {
  const namesIn = (column: string): string[] =>
    db
      .prepare<[], string>(`SELECT ${column} FROM kunden WHERE ${column} IS NOT NULL`)
      .pluck()
      .all();
  const names = personNames(namesIn('vorname'), namesIn('nachname'));
  const found: Found[] = [];
  for (const table of Object.keys(truth.rows)) {
    const rows = db.prepare(`SELECT rowid AS _row, * FROM ${quote(table)}`).iterate();
    for (const row of rows as Iterable<Record<string, unknown>>) {
      for (const [column, value] of Object.entries(row)) {
        if (column === '_row' || (typeof value !== 'string' && typeof value !== 'number')) continue;
        const declared = truth.pii_columns[`${table}.${column}`];
        const expected = declared === undefined ? classesNamed(column) : [declared];
        const context: PiiContext = { expected, names };
        for (const { of, start, end } of findPii(String(value), context)) {
          const cell = `${table} ${String(row['_row'])} ${column}`;
          if (of !== declared) found.push({ cell, of, start, end });
        }
      }
    }
  }
  return found;
}

describe.skipIf(LEGACY === null || TRUTH === null)('the cells of the legacy database', () => {
  // Nothing is read where the tests are skipped.
  if (LEGACY === null || TRUTH === null) return;
  const truth = JSON.parse(readFileSync(TRUTH, 'utf8')) as Truth;
  const planted = truth.defects.filter(({ kind }) => kind.startsWith('pii_'));
  const found = search(new Database(LEGACY, { readonly: true }), truth);
  const isFound = ({ table, rowid, column, pii, start16 = 0, end16 = 0 }: Planted): boolean =>
    found.some(
      ({ cell, of, start, end }) =>
        cell === `${table} ${rowid} ${column}` && of === pii && start < end16 && end > start16,
    );

  it('hold what was planted, at its place and with its class', () => {
    const result = figures('planted in the legacy database');
    for (const one of planted) {
      const hits = isFound(one) ? 1 : 0;
      result.add(one.kind, { hits, expected: 1, wrong: 0 });
      result.add(one.pii ?? '', { hits, expected: 1, wrong: 0 });
    }
    process.stdout.write(result.table());
    expect(planted.length).toBe(40);
    expect(new Set(planted.map(({ pii }) => pii)).size).toBe(PII_CLASSES.length - 2);
    expect(result.of('pii_free_text').recall).toBe(1);
    expect(result.of('pii_wrong_column').recall).toBe(1);
    expect(result.of('pii_free_text_hard').recall).toBeGreaterThanOrEqual(0.75);
  });

  it('hold nothing else: neither decoys nor the numbers of transponders are found', () => {
    const places = new Set(
      planted.map(({ table, rowid, column }) => `${table} ${rowid} ${column}`),
    );
    expect(found.filter(({ cell }) => !places.has(cell))).toEqual([]);
    expect(truth.decoys.length).toBeGreaterThan(30);
  });
});
