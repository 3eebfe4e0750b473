/**
 * Orders and their customers, generated: few columns of many kinds, for measuring. A canonical
 * order record is about 380 bytes. Seven in ten rows hold ASCII alone, the others whatever people are
 * called and write. The same seed and number of rows give the same content.
 *
 *     node test/dogschool/orders.ts OUT.db --rows 1000000 --seed 1
 */

import { parseArgs } from 'node:util';
import { type Insert, writeDatabase } from './bulk.ts';
import { DAY_SECONDS, dateOf, dayOf, timeOf } from './calendar.ts';
import { type Random, randomOf } from './random.ts';
import * as words from './words.ts';

const TABLES: readonly string[] = [
  `CREATE TABLE customers (id INTEGER PRIMARY KEY, name VARCHAR(80) NOT NULL,
    email VARCHAR(120) NOT NULL, city TEXT, since DATE)`,
  `CREATE TABLE orders (id INTEGER PRIMARY KEY,
    customer_id INTEGER NOT NULL REFERENCES customers(id), status TEXT NOT NULL,
    created_at TIMESTAMP NOT NULL, currency CHAR(3) NOT NULL, total DECIMAL(10,2) NOT NULL,
    paid BOOLEAN NOT NULL, parcel INTEGER NOT NULL, product TEXT NOT NULL,
    delivery_address TEXT NOT NULL, message TEXT, remark TEXT)`,
];

/** The texts of a row. */
interface Texts {
  readonly given: readonly string[];
  readonly surnames: readonly string[];
  readonly streets: readonly string[];
  readonly towns: readonly string[];
  readonly products: readonly string[];
  readonly messages: readonly string[];
  readonly notes: readonly string[];
}

const ALL: Texts = {
  given: [...words.WOMEN, ...words.MEN],
  surnames: words.SURNAMES,
  streets: words.STREETS,
  towns: words.ADDRESSED_TOWNS,
  products: words.PRODUCTS,
  messages: words.MESSAGES,
  notes: words.NOTES,
};
const PLAIN = Object.fromEntries(
  Object.entries(ALL).map(([name, texts]) => [
    name,
    (texts as readonly string[]).filter((text) => /^[\x20-\x7e]+$/.test(text)),
  ]),
) as unknown as Texts;

function textsOf(random: Random): Texts {
  return random.chance(0.7) ? PLAIN : ALL;
}

const STATUSES: readonly string[] = ['new', 'paid', 'packed', 'shipped', 'returned'];

/** Writes `rows` orders of a fifth as many customers (at least one). Replaces the file. */
export function generateOrders(file: string, rows: number, seed = 1): void {
  const customers = Math.max(1, Math.floor(rows / 5));
  writeDatabase(file, { tables: TABLES, indexes: [] }, (insert) => {
    writeCustomers(insert, customers, seed);
    writeOrders(insert, rows, customers, seed);
  });
}

function writeCustomers(insert: Insert, count: number, seed: number): void {
  const random = randomOf(seed, 'customers');
  for (let id = 1; id <= count; id++) {
    const { given, surnames } = textsOf(random);
    insert('customers', [
      id,
      `${random.pick(given)} ${random.pick(surnames)}`,
      `customer${id}@example.net`,
      random.chance(0.95) ? random.pick(words.TOWNS) : null,
      dateOf(random.integer(dayOf(2008, 1, 1), dayOf(2020, 12, 31))),
    ]);
  }
}

function writeOrders(insert: Insert, count: number, customers: number, seed: number): void {
  const random = randomOf(seed, 'orders');
  const first = dayOf(2021, 1, 1);
  for (let id = 1; id <= count; id++) {
    const texts = textsOf(random);
    insert('orders', [
      id,
      random.integer(1, customers),
      random.pick(STATUSES),
      `${dateOf(first + random.integer(0, 1700))} ${timeOf(random.integer(0, DAY_SECONDS - 1))}`,
      random.chance(0.9) ? 'CHF' : 'EUR',
      random.integer(100, 5_000_000) / 100,
      random.integer(0, 1),
      random.integer(1_000_000, 2_000_000) * 4_000_000_000 + random.integer(0, 999_999_999),
      random.pick(texts.products),
      addressOf(random, texts),
      random.chance(0.6) ? random.pick(texts.messages) : null,
      random.chance(0.8) ? random.pick(texts.notes) : null,
    ]);
  }
}

function addressOf(random: Random, { given, surnames, streets, towns }: Texts): string {
  const name = `${random.pick(given)} ${random.pick(surnames)}`;
  const street = `${random.pick(streets)} ${random.integer(1, 160)}`;
  return `${name}\n${street}\n${random.pick(towns)}`;
}

function main(): void {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { rows: { type: 'string' }, seed: { type: 'string' } },
  });
  const [file] = positionals;
  const rows = Number(values.rows ?? 1_000_000);
  const seed = Number(values.seed ?? 1);
  if (file === undefined || !Number.isSafeInteger(rows + seed)) {
    process.stderr.write('usage: node test/dogschool/orders.ts OUT.db [--rows N] [--seed S]\n');
    process.exitCode = 64;
    return;
  }
  generateOrders(file, rows, seed);
}

if (import.meta.main) main();
