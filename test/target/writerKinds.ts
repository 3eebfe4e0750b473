/**
 * Kinds of clients that write to a database by the name of what is live there, each in its own way. What
 * one call writes carries one number, and is acknowledged as a whole or not at all.
 */

import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as wait } from 'node:timers/promises';
import type { Client } from 'pg';
import { from as copyFrom } from 'pg-copy-streams';

import type { Random } from '../dogschool/random.ts';

export interface Writer {
  readonly name: string;
  /** Rows of one call, in all tables of what is live. */
  readonly rows: number;
  /** Whether it is one transaction of several statements, with pauses between them. */
  readonly isSlow: boolean;
  write(client: Client, number: number, random: Random): Promise<void>;
}

/** Gives others time to come between two statements of a transaction. */
async function pause(random: Random): Promise<void> {
  if (random.chance(0.7)) await wait(random.integer(0, 6));
}

/** Runs one text of SQL after the other, with pauses between them. */
async function paused(client: Client, random: Random, texts: readonly string[]): Promise<void> {
  for (const text of texts) {
    await client.query(text);
    await pause(random);
  }
}

function order(writer: string, number: number, table = 'app.orders'): string {
  return `INSERT INTO ${table} (writer, number) VALUES ('${writer}', ${number})`;
}

function line(writer: string, number: number): string {
  return order(writer, number, 'app.lines');
}

const PREPARED = ['app.orders', 'app.lines', 'lines', 'app.order_view'];

/** A kind of one statement. */
function single(name: string, textOf: (number: number) => string): Writer {
  return {
    name,
    rows: 1,
    isSlow: false,
    write: async (client, number) => void (await client.query(textOf(number))),
  };
}

/** A kind of one transaction. */
function transaction(
  name: string,
  rows: number,
  textsOf: (number: number) => readonly string[],
  [begin, commit]: readonly [string, string] = ['BEGIN', 'COMMIT'],
): Writer {
  return {
    name,
    rows,
    isSlow: true,
    async write(client, number, random) {
      await client.query(begin);
      await paused(client, random, textsOf(number));
      await client.query(commit);
    },
  };
}

const COPIED = 5;

export const WRITERS: readonly Writer[] = [
  single('plain', (number) => order('plain', number)),
  single('by-path', (number) => order('by-path', number, 'orders')),
  single('view', (number) => order('view', number, 'app.order_view')),
  single('view-of-view', (number) => order('view-of-view', number, 'view_of_view')),
  single('function', (number) => `SELECT app.add_order('function', ${number})`),
  {
    name: 'prepared',
    rows: 1,
    isSlow: false,
    async write(client, number) {
      // The server keeps each of these statements from its first run to the end of the session.
      const table = PREPARED[number % PREPARED.length] ?? '';
      const text = `INSERT INTO ${table} (writer, number) VALUES ($1, $2)`;
      await client.query({ name: `into ${table}`, text, values: ['prepared', number] });
    },
  },
  {
    name: 'copy',
    rows: COPIED,
    isSlow: false,
    async write(client, number, random) {
      const rows = Array.from({ length: COPIED }, () => `copy\t${number}\n`);
      const table = random.pick(['app.lines', 'orders', 'app.lines']);
      const into = client.query(copyFrom(`COPY ${table} (writer, number) FROM STDIN`));
      await pipeline(Readable.from(rows), into);
    },
  },
  transaction('transaction', 4, (number) => [
    order('transaction', number),
    line('transaction', number),
    order('transaction', number),
    line('transaction', number),
  ]),
  transaction('other-order', 3, (number) => [
    line('other-order', number),
    order('other-order', number, 'app.order_view'),
    line('other-order', number),
  ]),
  transaction('two-schemas', 2, (number) => [
    order('two-schemas', number, 'notes'),
    order('two-schemas', number, 'orders'),
    order('two-schemas', number, 'lines'),
  ]),
  transaction('savepoints', 3, (number) => [
    'SAVEPOINT one',
    order('savepoints', number),
    'ROLLBACK TO one',
    line('savepoints', number),
    'SAVEPOINT two',
    order('savepoints', number),
    'RELEASE two',
    'SAVEPOINT three',
    line('savepoints', number),
  ]),
  transaction('reader', 2, (number) => [
    `SELECT * FROM app.orders WHERE writer = 'seal' ORDER BY id LIMIT 2 FOR UPDATE`,
    line('reader', number),
    order('reader', number),
  ]),
  transaction(
    'snapshot',
    2,
    (number) => [
      'SELECT count(*) FROM aside.nothing',
      order('snapshot', number),
      line('snapshot', number),
    ],
    ['BEGIN ISOLATION LEVEL SERIALIZABLE', 'COMMIT'],
  ),
  transaction('counter', 2, (number) => [
    `SELECT nextval(pg_get_serial_sequence('app.orders', 'id'))`,
    order('counter', number),
    line('counter', number),
  ]),
  {
    name: 'two-phases',
    rows: 2,
    isSlow: true,
    async write(client, number, random) {
      await client.query('BEGIN');
      await paused(client, random, [line('two-phases', number), order('two-phases', number)]);
      await client.query(`PREPARE TRANSACTION 'writer ${number}'`);
      await pause(random);
      await client.query(`COMMIT PREPARED 'writer ${number}'`);
    },
  },
];
