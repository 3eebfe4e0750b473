/** Databases of an application that holds secrets, read and written by drivers and not by src/. */

import { join } from 'node:path';

import Database from 'better-sqlite3';
import { Client } from 'pg';

import { postgresHome, startPostgres, type Postgres } from '../kit/postgres.ts';

export interface SecretRow {
  readonly id: number;
  readonly value: string | null;
  readonly index?: string | null;
}

/** A row as it is now. */
export interface StoredSecret {
  readonly id: number;
  readonly value: string | null;
  readonly index: string | null;
}

type Cell = string | number | null | Buffer;

export interface Place {
  readonly name: string;
  readonly isHere: boolean;
  begin(): Promise<void>;
  end(): Promise<void>;
  /** Makes a database by SQL; returns its URL and what a command needs for it. */
  make(folder: string, name: string, sql: string): Promise<Made>;
}

export interface Made {
  readonly url: string;
  readonly env: Readonly<Record<string, string>>;
  /** Runs a statement with `$1` and so on; returns rows as the driver reads them. */
  run(sql: string, values?: readonly Cell[]): Promise<Record<string, unknown>[]>;
  /** Fills `secrets(id, value, idx)`. */
  insert(rows: readonly SecretRow[]): Promise<void>;
  rows(): Promise<StoredSecret[]>;
  close(): Promise<void>;
}

export const SECRETS =
  'CREATE TABLE secrets (id bigint PRIMARY KEY, value text, idx text, note text)';

const ALL = 'SELECT id, value, idx AS "index" FROM secrets ORDER BY id';

export function sqlitePlace(): Place {
  return {
    name: 'SQLite',
    isHere: true,
    async begin() {},
    async end() {},
    async make(folder, name, sql) {
      const path = join(folder, `${name}.db`);
      const database = new Database(path, { timeout: 10_000 });
      database.pragma('journal_mode = wal');
      database.exec(sql);
      return madeOfSqlite(database, path);
    },
  };
}

function madeOfSqlite(database: Database.Database, path: string): Made {
  const run: Made['run'] = async (text, values = []) => {
    const statement = database.prepare(text.replaceAll(/\$\d+/g, '?'));
    if (statement.reader) return statement.all(...values) as Record<string, unknown>[];
    statement.run(...values);
    return [];
  };
  return {
    url: `sqlite:${path}`,
    env: {},
    run,
    async insert(rows) {
      const put = database.prepare('INSERT INTO secrets (id, value, idx) VALUES (?, ?, ?)');
      database.transaction(() => {
        for (const { id, value, index = null } of rows) put.run(id, value, index);
      })();
    },
    rows: async () => (await run(ALL)) as unknown as StoredSecret[],
    async close() {
      database.close();
    },
  };
}

export function postgresPlace(): Place {
  let server: Postgres;
  return {
    name: 'PostgreSQL',
    isHere: postgresHome() !== null,
    begin: async () => {
      server = await startPostgres();
    },
    end: () => server.stop(),
    async make(_, name, sql) {
      await server.create(name, sql);
      const client = new Client({ connectionString: server.url(name) });
      await client.connect();
      return madeOfPostgres(client, server.source(name), server.env);
    },
  };
}

function madeOfPostgres(client: Client, url: string, env: Made['env']): Made {
  // One statement at a time on a connection.
  let before: Promise<unknown> = Promise.resolve();
  const run: Made['run'] = (text, values = []) => {
    const query = before.then(() => client.query<Record<string, unknown>>(text, [...values]));
    before = query.catch(() => {});
    return query.then(({ rows }) => rows);
  };
  return {
    url,
    env,
    run,
    async insert(rows) {
      await client.query(
        'INSERT INTO secrets (id, value, idx) SELECT * FROM unnest($1::bigint[], $2::text[], $3::text[])',
        [
          rows.map(({ id }) => id),
          rows.map(({ value }) => value),
          rows.map(({ index = null }) => index),
        ],
      );
    },
    async rows() {
      const rows = (await run(ALL)) as unknown as (Omit<StoredSecret, 'id'> & { id: string })[];
      return rows.map(({ id, value, index }) => ({ id: Number(id), value, index }));
    },
    close: () => client.end(),
  };
}
