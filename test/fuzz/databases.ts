/**
 * The small databases that the fuzzer damages. Between them they have each kind of page: leaves and
 * inner pages of tables and indexes, overflow chains, free pages, pages that point back, both forms of
 * text, tables with and without a rowid.
 */

import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import Database from 'better-sqlite3';

import { dice } from '../mutate.ts';

export interface Sound {
  readonly name: string;
  readonly bytes: Buffer;
}

interface Recipe {
  readonly name: string;
  /** Before the first table. */
  readonly form: string;
  readonly tables: string;
  /** Rows by table, given their number. */
  readonly rows: Readonly<Record<string, (number: number, roll: Roll) => readonly Cell[]>>;
  readonly count: number;
  readonly after?: string;
}

type Roll = (limit: number) => number;
type Cell = string | number | bigint | Buffer | null;

function words(roll: Roll, most: number): string {
  const text = 'Bella und Rex gehen täglich an der Limmat spazieren, ';
  return text.repeat(1 + roll(most)).slice(roll(20));
}

const RECIPES: readonly Recipe[] = [
  {
    name: 'ledger',
    form: 'PRAGMA page_size = 1024',
    tables: `
      CREATE TABLE payer (id INTEGER PRIMARY KEY, name TEXT NOT NULL, mail TEXT UNIQUE);
      CREATE TABLE payment (id INTEGER PRIMARY KEY, payer INTEGER, cents INTEGER, note TEXT, kept REAL);
      CREATE INDEX payment_payer ON payment (payer, cents);`,
    rows: {
      payer: (n, roll) => [n * 3, `payer ${n} ${words(roll, 2)}`, `p${n}@example.org`],
      payment: (n, roll) => [n, roll(90), roll(1e6), n % 5 === 0 ? null : words(roll, 3), n / 8],
    },
    count: 90,
  },
  {
    name: 'chains',
    form: 'PRAGMA page_size = 512',
    tables: 'CREATE TABLE photo (id INTEGER PRIMARY KEY, taken TEXT, body BLOB, caption TEXT)',
    rows: {
      photo: (n, roll) => [
        n * 7,
        `in ${n}`,
        n % 3 === 0 ? Buffer.alloc(roll(3000), n) : null,
        words(roll, 40),
      ],
    },
    count: 24,
    after: 'DELETE FROM photo WHERE id % 5 = 0',
  },
  {
    name: 'keyed',
    form: "PRAGMA page_size = 512; PRAGMA encoding = 'UTF-16le'",
    tables: `
      CREATE TABLE word (lang TEXT, word TEXT, n INTEGER, PRIMARY KEY (lang, word)) WITHOUT ROWID;
      CREATE TABLE plain (a TEXT, b INTEGER);
      CREATE INDEX word_n ON word (n);`,
    rows: {
      word: (n, roll) => [['de', 'fr', 'pl'][n % 3] ?? '', `${words(roll, 1)}${n}`, roll(50)],
      plain: (n, roll) => [words(roll, 2), n % 4 === 0 ? null : roll(1000)],
    },
    count: 60,
  },
  {
    name: 'vacuumed',
    form: 'PRAGMA page_size = 512; PRAGMA auto_vacuum = FULL',
    tables: `
      CREATE TABLE mixed (id TEXT PRIMARY KEY, any, big INTEGER);
      CREATE TABLE none (x TEXT);`,
    rows: {
      mixed: (n, roll) => [
        `k${n}`,
        [n, n / 3, words(roll, 1), Buffer.from([n % 256, 0]), null][n % 5] ?? null,
        2n ** 60n + BigInt(n),
      ],
    },
    count: 80,
    after: "DELETE FROM mixed WHERE id LIKE 'k1%'",
  },
];

/** Makes them in `folder`, the same bytes each time. */
export function soundDatabases(folder: string): Sound[] {
  return RECIPES.map((recipe, index) => {
    const file = join(folder, 'sound.db');
    rmSync(file, { force: true });
    write(file, recipe, dice(1000 + index));
    return { name: recipe.name, bytes: readFileSync(file) };
  });
}

function write(file: string, { form, tables, rows, count, after }: Recipe, roll: Roll): void {
  const db = new Database(file);
  db.exec(form);
  db.exec(`BEGIN; ${tables}`);
  for (const [table, row] of Object.entries(rows)) {
    for (let number = 1; number <= count; number += 1) {
      const cells = row(number, roll);
      const places = cells.map(() => '?').join(', ');
      db.prepare(`INSERT INTO ${table} VALUES (${places})`).run(cells);
    }
  }
  db.exec(`${after ?? ''}; COMMIT`);
  db.close();
}
