/** Columns of public databases: telephone numbers of any country are found in them, and nothing else. */

import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';

import { classesNamed } from '../../src/pii/columnEvidence.ts';
import { findPii } from '../../src/pii/findPii.ts';
import type { PiiClass } from '../../src/pii/piiClass.ts';
import { quote } from '../../src/sql/quote.ts';
import { shared } from '../shared.ts';
import { figures } from './figures.ts';

/** Columns that are full of a class, by database and table. */
const COLUMNS: readonly (readonly [string, string, string, PiiClass])[] = [
  ['chinook', 'Customer', 'Phone', 'PHONE'],
  ['chinook', 'Customer', 'Email', 'EMAIL'],
  ['chinook', 'Employee', 'Phone', 'PHONE'],
  ['northwind', 'Customers', 'Phone', 'PHONE'],
  ['northwind', 'Employees', 'HomePhone', 'PHONE'],
  ['northwind', 'Shippers', 'Phone', 'PHONE'],
  ['northwind', 'Suppliers', 'Phone', 'PHONE'],
  ['sakila', 'customer', 'email', 'EMAIL'],
  ['sakila', 'staff', 'password', 'SECRET'],
];
/** Columns in which there is none. */
const HARMLESS: readonly (readonly [string, string, string])[] = [
  ['chinook', 'Track', 'Name'],
  ['chinook', 'Customer', 'PostalCode'],
  ['northwind', 'Orders', 'ShipPostalCode'],
  ['northwind', 'Products', 'QuantityPerUnit'],
  ['sakila', 'film', 'description'],
  ['sakila', 'address', 'postal_code'],
];
const DATABASES: ReadonlyMap<string, string | null> = new Map(
  ['chinook', 'northwind', 'sakila'].map((name) => [name, shared(`data/sqlite/${name}.db`)]),
);

function textsOf(database: string, table: string, column: string): string[] {
  const db = new Database(DATABASES.get(database) ?? '', { readonly: true });
  const rows = db
    .prepare(`SELECT ${quote(column)} FROM ${quote(table)}`)
    .pluck()
    .all();
  db.close();
  return rows.filter((value) => typeof value === 'string' && value.trim() !== '') as string[];
}

describe.skipIf([...DATABASES.values()].includes(null))('columns of public databases', () => {
  it('have all their personal data found', () => {
    const result = figures('columns of public databases');
    for (const [database, table, column, of] of COLUMNS) {
      const texts = textsOf(database, table, column);
      const all = texts.map((text) => findPii(text, { expected: classesNamed(column) }));
      const found = all.filter((matches) => matches.some((match) => match.of === of));
      const wrong = all.flat().filter((match) => match.of !== of);
      const kind = `${database} ${table}.${column}`;
      result.add(kind, { hits: found.length, expected: texts.length, wrong: wrong.length });
      expect(texts.length).toBeGreaterThan(0);
      expect([kind, result.of(kind)]).toEqual([kind, { recall: 1, precision: 1 }]);
    }
    process.stdout.write(result.table());
  });

  it.each(HARMLESS)('have none found where there is none: %s %s.%s', (database, table, column) => {
    const texts = textsOf(database, table, column);
    expect(texts.length).toBeGreaterThan(0);
    const expected = classesNamed(column);
    expect(texts.filter((text) => findPii(text, { expected }).length > 0)).toEqual([]);
  });
});
