/** Databases of an application that has attachments, read and written by drivers and not by src/. */

import { join } from 'node:path';

import Database from 'better-sqlite3';
import { Client } from 'pg';

import { startPostgres, postgresHome, type Postgres } from '../kit/postgres.ts';

/** A row of the table `attachments`. */
export interface UploadRow {
  readonly id: number;
  /** Bytes where it is no text; null if the upload went to the store. */
  readonly path: string | Buffer | null;
  readonly key?: string | null;
  readonly size?: number | null;
  readonly sha256?: string | null;
}

/** A row as it is now. */
export interface StoredRow {
  readonly id: number;
  readonly path: string | Buffer | null;
  readonly key: string | null;
}

export interface RowPlace {
  readonly name: string;
  readonly isHere: boolean;
  begin(): Promise<void>;
  end(): Promise<void>;
  /** Makes a database with these rows, and returns its URL and what a command needs for it. */
  make(
    folder: string,
    name: string,
    rows: readonly UploadRow[],
  ): Promise<{ readonly url: string; readonly env: Readonly<Record<string, string>> }>;
  insert(folder: string, name: string, rows: readonly UploadRow[]): Promise<void>;
  rows(folder: string, name: string): Promise<StoredRow[]>;
}

const COLUMNS = 'id, disk_path, storage_key, size, sha256';

function open(folder: string, name: string): Database.Database {
  return new Database(join(folder, `${name}.db`), { timeout: 10_000 });
}

function insertHere(database: Database.Database, rows: readonly UploadRow[]): void {
  const put = database.prepare(`INSERT INTO attachments (${COLUMNS}) VALUES (?, ?, ?, ?, ?)`);
  database.transaction(() => {
    for (const { id, path, key = null, size = null, sha256 = null } of rows) {
      put.run(id, path, key, size, sha256);
    }
  })();
}

async function insertThere(client: Client, rows: readonly UploadRow[]): Promise<void> {
  for (const { id, path, key = null, size = null, sha256 = null } of rows) {
    const values = [id, path, key, size, sha256];
    await client.query(`INSERT INTO attachments (${COLUMNS}) VALUES ($1, $2, $3, $4, $5)`, values);
  }
}

export function sqlitePlace(): RowPlace {
  return {
    name: 'SQLite',
    isHere: true,
    async begin() {},
    async end() {},
    async make(folder, name, rows) {
      const database = open(folder, name);
      database.pragma('journal_mode = wal');
      database.exec(`CREATE TABLE attachments
        (id INTEGER PRIMARY KEY, disk_path TEXT, storage_key TEXT, size INTEGER, sha256 TEXT)`);
      insertHere(database, rows);
      database.close();
      return { url: `sqlite:${join(folder, `${name}.db`)}`, env: {} };
    },
    async insert(folder, name, rows) {
      const database = open(folder, name);
      insertHere(database, rows);
      database.close();
    },
    async rows(folder, name) {
      const database = open(folder, name);
      const rows = database
        .prepare<[], StoredRow>(
          'SELECT id, disk_path AS path, storage_key AS key FROM attachments ORDER BY id',
        )
        .all();
      database.close();
      return rows;
    },
  };
}

export function postgresPlace(): RowPlace {
  let server: Postgres;
  const withClient = async <T>(name: string, work: (client: Client) => Promise<T>): Promise<T> => {
    const client = new Client({ connectionString: server.url(name) });
    await client.connect();
    try {
      return await work(client);
    } finally {
      await client.end();
    }
  };
  return {
    name: 'PostgreSQL',
    isHere: postgresHome() !== null,
    begin: async () => {
      server = await startPostgres();
    },
    end: () => server.stop(),
    async make(_, name, rows) {
      await server.create(
        name,
        `CREATE TABLE attachments
          (id bigint PRIMARY KEY, disk_path text, storage_key text, size bigint, sha256 text)`,
      );
      await withClient(name, (client) => insertThere(client, rows));
      return { url: server.source(name), env: server.env };
    },
    insert: async (_, name, rows) => withClient(name, (client) => insertThere(client, rows)),
    rows: async (_, name) =>
      withClient(name, async (client) => {
        const found = await client.query<{ id: string; path: string | null; key: string | null }>(
          'SELECT id, disk_path AS path, storage_key AS key FROM attachments ORDER BY id',
        );
        return found.rows.map(({ id, path, key }) => ({ id: Number(id), path, key }));
      }),
  };
}
