/** A shop whose customers have columns that a policy drops, and texts into which a value can get. */

import type { Source } from '../../rules/flows.ts';
import { randomOf, type Random } from '../../dogschool/random.ts';

const DROPPED = { class: 'PERSON', treatment: 'dropped' } as const;
/** The columns that are dropped. */
export const KEPT_OUT = ['born', 'fax', 'full_name', 'insurance', 'street'] as const;

export interface Customer {
  readonly born: string;
  readonly fax: string;
  readonly full_name: string;
  readonly insurance: string;
  readonly street: string;
}

const FIRST =
  'Ada Bea Carla Dora Emil Fadil Gerda Hanno Ilse Jürg Käthi Loïc Milos Noor Özlem'.split(' ');
const LAST = 'Ammann Bühler Çelik Dörig Egger Fässler Gnägi Hürlimann Iselin Jäggi'.split(' ');
const WORDS = 'the parcel was left at door and paid in cash before noon by hand'.split(' ');
const STREETS = 'Bahnhofstrasse Dorfgasse Kirchweg Rue du Lac Via Nova'.split(' ');

export function customersOf(seed: number, count: number): Customer[] {
  const random = randomOf(seed, 'customers');
  return Array.from({ length: count }, (_, at) => ({
    born: `19${random.digits(2)}-0${random.integer(1, 9)}-1${random.digits(1)}`,
    fax: `+41 44 ${random.digits(3)} ${random.digits(2)} ${random.digits(2)}`,
    full_name: `${random.pick(FIRST)} ${random.pick(LAST)}-${random.pick(LAST)} ${String(at)}x`,
    insurance: `PK-${random.digits(4)}.${random.digits(4)}`,
    street: `${random.pick(STREETS)} ${String(at + 1)}, ${random.digits(4)} Ort`,
  }));
}

/** A text without any value of a customer. */
export function textOf(random: Random): string {
  return Array.from({ length: random.integer(3, 9) }, () => random.pick(WORDS)).join(' ');
}

const quoted = (text: string): string => `'${text.replaceAll("'", "''")}'`;

/** The source and mapping; `notes` are those of the orders. */
export function shopOf(customers: readonly Customer[], notes: readonly string[]): Source {
  const rows = customers.map((one, at) => {
    const values = KEPT_OUT.map((column) => quoted(one[column]));
    return `(${at + 1}, 'town ${at % 7}', ${values.join(', ')})`;
  });
  const orders = notes.map(
    (note, at) => `(${at + 1}, ${(at % customers.length) + 1}, ${quoted(note)}, ${at})`,
  );
  return {
    sql: `CREATE TABLE customers (id INTEGER PRIMARY KEY, town TEXT, ${KEPT_OUT.join(' TEXT, ')} TEXT);
      INSERT INTO customers VALUES ${rows.join(', ')};
      CREATE TABLE orders (id INTEGER PRIMARY KEY, customer INTEGER, note TEXT, amount INTEGER);
      INSERT INTO orders VALUES ${orders.join(', ')};`,
    modules: {
      customers: {
        source: { table: 'customers' },
        key: [{ column: 'id', type: 'integer' }],
        id: { rule: 'keep' },
        fields: {
          id: { column: 'id', type: 'integer' },
          town: { column: 'town', type: 'string' },
        },
        dropped: Object.fromEntries(KEPT_OUT.map((column) => [column, 'not needed'])),
        pii: {
          policy: 1,
          default: 'allow',
          fields: Object.fromEntries(KEPT_OUT.map((column) => [column, DROPPED])),
        },
      },
      orders: {
        source: { table: 'orders' },
        key: [{ column: 'id', type: 'integer' }],
        id: { rule: 'keep' },
        fields: {
          id: { column: 'id', type: 'integer' },
          customer: { reference: 'customers', columns: ['customer'] },
          note: { column: 'note', type: 'string' },
          amount: { column: 'amount', type: 'integer' },
        },
      },
    },
  };
}
