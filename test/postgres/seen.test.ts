/** What a snapshot saw of tables, and what is found of what happened to them since. */

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import type { Connection } from '../../src/postgres/connect.ts';
import { parseAddress } from '../../src/postgres/address.ts';
import {
  changesSince,
  decodeSeen,
  encodeSeen,
  noteSeen,
  type Seen,
} from '../../src/postgres/seen.ts';
import { openSession } from '../../src/postgres/session.ts';
import { completeAddress } from '../../src/postgres/settings.ts';
import { hasPostgres, startPostgres, type Postgres } from '../kit/postgres.ts';
import { sessionAt } from './trap.ts';
import { versionsHere } from './writes.ts';

const ROWS = 100;
const TABLES = `
  DROP TABLE IF EXISTS dog, parted, apart;
  CREATE TABLE dog (id int PRIMARY KEY, name text, other text);
  INSERT INTO dog SELECT n, 'a', 'b' FROM generate_series(1, ${ROWS}) n;
  CREATE TABLE parted (id int, name text) PARTITION BY RANGE (id);
  CREATE TABLE part_low PARTITION OF parted FOR VALUES FROM (0) TO (50);
  CREATE TABLE part_high PARTITION OF parted FOR VALUES FROM (50) TO (200);
  INSERT INTO parted SELECT n, 'a' FROM generate_series(1, ${ROWS}) n;
  CREATE TABLE apart (id int);
`;

describe.skipIf(!hasPostgres()).each(versionsHere())('PostgreSQL %i', (version) => {
  let server: Postgres;
  let reader: Connection;
  let now: Connection;

  beforeAll(async () => {
    server = await startPostgres({ version });
    await server.create('seen');
    const open = async (): Promise<Connection> => {
      const address = parseAddress(server.url('seen').slice('postgres:'.length));
      const options = { connectMs: 5000, signal: new AbortController().signal };
      return (await openSession(completeAddress(address, {}), options)).connection;
    };
    [reader, now] = [await open(), await open()];
  });
  afterAll(async () => {
    reader.end();
    now.end();
    await server.stop();
  });
  beforeEach(async () => {
    await server.run('seen', TABLES);
  });

  async function noted(): Promise<Seen> {
    await reader.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SELECT 1');
    const tables = [
      { identifier: 'public.dog', rows: ROWS },
      { identifier: 'public.parted', rows: null },
    ];
    const seen = await noteSeen(reader, tables);
    await reader.query('ROLLBACK');
    return decodeSeen(encodeSeen(seen)) ?? seen;
  }

  it('finds nothing where nothing was written, whoever has written elsewhere', async () => {
    const seen = await noted();
    await server.run('seen', 'INSERT INTO apart VALUES (1)');
    await server.run('seen', 'VACUUM FREEZE dog');
    expect(await changesSince(now, seen)).toEqual([]);
  });

  it.each([
    ['an insert', `INSERT INTO dog VALUES (500, 'x', 'y')`, { written: 1, gone: 0 }],
    [
      'an update that changes nothing',
      'UPDATE dog SET name = name WHERE id = 1',
      { written: 1, gone: 1 },
    ],
    ['a delete', 'DELETE FROM dog WHERE id = 1', { written: 0, gone: 1 }],
    [
      'a row deleted and written again',
      `WITH d AS (DELETE FROM dog WHERE id = 1 RETURNING *) SELECT 1; INSERT INTO dog VALUES (1, 'a', 'b')`,
      { written: 1, gone: 1 },
    ],
    ['TRUNCATE', 'TRUNCATE dog', { written: 0, gone: ROWS }],
    [
      'rows frozen as they are written',
      `BEGIN; TRUNCATE dog; INSERT INTO dog SELECT n, 'a', 'b' FROM generate_series(1, ${ROWS}) n; COMMIT; VACUUM FREEZE dog`,
      { written: ROWS, gone: ROWS },
    ],
    [
      'an update of a partition',
      'UPDATE part_low SET name = name WHERE id = 1',
      { written: 1, gone: 1 },
    ],
    [
      'a row that moves to another partition',
      'UPDATE parted SET id = 150 WHERE id = 1',
      { written: 1, gone: 1 },
    ],
    [
      'columns that change their names',
      'ALTER TABLE dog RENAME name TO n; ALTER TABLE dog RENAME other TO name; ALTER TABLE dog RENAME n TO other',
      { remade: true },
    ],
    [
      'another table of that name',
      'ALTER TABLE dog RENAME TO d; CREATE TABLE dog AS TABLE d; DROP TABLE d',
      { remade: true },
    ],
  ])('finds %s', async (_, sql, expected) => {
    const seen = await noted();
    for (const statement of sql.split('; ').includes('BEGIN') ? batches(sql) : [sql]) {
      await server.run('seen', statement);
    }
    expect(await changesSince(now, seen)).toMatchObject([expected]);
  });

  it('finds what a transaction wrote that was running: its subtransactions are in no snapshot', async () => {
    const writer = await sessionAt(server.url('seen'));
    await writer.query(
      'BEGIN; INSERT INTO apart VALUES (1); SAVEPOINT a; INSERT INTO apart VALUES (2)',
    );
    // Ends the number of the subtransaction before the snapshot.
    await server.run('seen', 'INSERT INTO apart VALUES (3)');
    const seen = await noted();
    await writer.query('UPDATE dog SET name = name WHERE id = 1; RELEASE a; COMMIT');
    await writer.end();
    const [[inSnapshot] = []] = await server.run(
      'seen',
      `SELECT pg_visible_in_snapshot(xmin::text::xid8, '${seen.snapshot}') FROM dog WHERE id = 1`,
    );
    // A look at the snapshot alone would not have found it (negative control).
    expect(inSnapshot).toBe('t');
    expect(await changesSince(now, seen)).toMatchObject([{ remade: false }]);
  });

  it('is not misled by a transaction that runs elsewhere all the time', async () => {
    const writer = await sessionAt(server.url('seen'));
    await writer.query('BEGIN; INSERT INTO apart VALUES (1)');
    await server.run('seen', `UPDATE dog SET name = 'c' WHERE id < 50`);
    const seen = await noted();
    expect(await changesSince(now, seen)).toEqual([]);
    await writer.query('COMMIT');
    await writer.end();
    expect(await changesSince(now, seen)).toEqual([]);
    await server.run('seen', `UPDATE dog SET name = 'c' WHERE id = 7`);
    expect(await changesSince(now, seen)).toMatchObject([{ written: 1, gone: 1 }]);
  });

  it('refuses another database, and one that is younger than what was seen', async () => {
    const seen = await noted();
    const later = seen.snapshot.replaceAll(/\d+/g, (digits) => String(Number(digits) + 1_000_000));
    for (const other of [{ database: '1' }, { server: '7 00000009' }, { snapshot: later }]) {
      await expect(changesSince(now, { ...seen, ...other })).rejects.toThrow(
        /not the database that was reconciled/,
      );
    }
  });

  it('reads back no text that is none', () => {
    for (const text of ['', 'null', '[]', '["a","1","1",[]]', '["1:1:","x","1",[]]']) {
      expect(decodeSeen(text)).toBe(null);
    }
  });
});

/** A transaction is one statement for the server, and VACUUM runs outside of any. */
function batches(sql: string): string[] {
  const [transaction = '', vacuum = ''] = sql.split(' COMMIT; ');
  return [`${transaction} COMMIT`, vacuum];
}
