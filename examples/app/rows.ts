/** The table `attachments`, in SQLite or PostgreSQL. */

import Database from 'better-sqlite3';
import { Pool } from 'pg';

export interface Attachment {
  readonly path: string | null;
  readonly key: string | null;
  readonly contentType: string | null;
}

export interface Rows {
  /** Throws if the database does not answer. */
  ping(): Promise<void>;
  find(id: string): Promise<Attachment | null>;
  /** Returns the id of the new row. */
  insert(row: Attachment): Promise<string>;
  close(): Promise<void>;
}

const FIND = 'SELECT disk_path AS path, storage_key AS key, content_type AS type FROM attachments';
const INSERT = 'INSERT INTO attachments (disk_path, storage_key, content_type) VALUES';

interface Found {
  readonly path: string | null;
  readonly key: string | null;
  readonly type: string | null;
}

function attachmentOf(found: Found | undefined): Attachment | null {
  if (found === undefined) return null;
  return { path: found.path, key: found.key, contentType: found.type };
}

export function openRows(url: string): Rows {
  return url.startsWith('sqlite:') ? inSqlite(url.slice('sqlite:'.length)) : inPostgres(url);
}

function inSqlite(file: string): Rows {
  const database = new Database(file, { timeout: 5000 });
  const find = database.prepare<[string], Found>(`${FIND} WHERE id = ?`);
  const insert = database.prepare(`${INSERT} (?, ?, ?)`);
  return {
    async ping() {
      database.prepare('SELECT 1').get();
    },
    find: async (id) => attachmentOf(find.get(id)),
    insert: async ({ path, key, contentType }) =>
      String(insert.run(path, key, contentType).lastInsertRowid),
    async close() {
      database.close();
    },
  };
}

function inPostgres(connectionString: string): Rows {
  const pool = new Pool({ connectionString, max: 5 });
  // An idle connection that breaks is replaced by the next query.
  pool.on('error', () => {});
  return {
    async ping() {
      await pool.query('SELECT 1');
    },
    async find(id) {
      const { rows } = await pool.query<Found>(`${FIND} WHERE id = $1`, [id]);
      return attachmentOf(rows[0]);
    },
    async insert({ path, key, contentType }) {
      const values = [path, key, contentType];
      const { rows } = await pool.query<{ id: string }>(
        `${INSERT} ($1, $2, $3) RETURNING id`,
        values,
      );
      return String(rows[0]?.id);
    },
    close: () => pool.end(),
  };
}
