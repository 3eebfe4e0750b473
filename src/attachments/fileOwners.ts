/**
 * The rows by the file that their path refers to, whatever names it has there: who still needs a file that
 * is to be removed. In scratch on disk, so that memory does not grow with the number of rows.
 */

import { statSync } from 'node:fs';
import { resolve } from 'node:path';

import { systemCode } from '../disk/errors.ts';
import type { Cell, RowKey } from '../database/database.ts';
import { createTables, openTables } from '../extsort/scratchTables.ts';
import { Failure } from '../outcome/failure.ts';
import type { OpenTable } from '../project/openAttachments.ts';
import { parseRow, rowText, shownRow } from '../project/rowText.ts';

/** A row whose path refers to a file. */
export interface FileOwner {
  readonly table: string;
  readonly row: string;
  readonly id: RowKey;
  /** Null or empty if the row is on disk. */
  readonly key: string | null;
}

export interface FileOwners {
  /** The rows of a file, by its identity. */
  of(identity: string): FileOwner[];
  /** Notes that a file was removed under the name that its rows have. */
  remove(identity: string): void;
  /** Whether the file that a row had was removed. */
  isRemoved(table: string, row: string): boolean;
  /** Has works on one file follow each other. */
  inTurn<T>(identity: string, work: () => Promise<T>): Promise<T>;
  close(): void;
}

const SCHEMA = `CREATE TABLE owners (tab TEXT, row TEXT, identity TEXT, key TEXT, removed INTEGER,
  PRIMARY KEY (tab, row)) WITHOUT ROWID; CREATE INDEX by_file ON owners (identity)`;
const PAGE = 1000;

/** Reads all rows that have a path. @throws Failure if it cannot be told which file a row has */
export async function readOwners(
  tables: readonly OpenTable[],
  root: string,
  scratch: string,
  stopping: AbortSignal,
): Promise<FileOwners> {
  createTables(scratch, SCHEMA);
  const database = openTables(scratch);
  const put = database.prepare('INSERT OR REPLACE INTO owners VALUES (?, ?, ?, ?, 0)');
  try {
    for (const { declared, rows } of tables) {
      const filter = { notNull: [declared.path], isNull: [] };
      for (let after: RowKey | null = null; !stopping.aborted;) {
        const page = await rows.page(after, PAGE, filter);
        database.exec('BEGIN');
        for (const { key: id, cells } of page) {
          const [path = null, key = null] = cells;
          const identity = identityOf(root, path, () => `row ${shownRow(id)} of ${declared.table}`);
          if (identity === null) continue;
          put.run(declared.table, rowText(id), identity, typeof key === 'string' ? key : null);
        }
        database.exec('COMMIT');
        after = page.at(-1)?.key ?? null;
        if (after === null) break;
      }
    }
  } catch (error) {
    database.close();
    throw error;
  }
  return ownersOf(database);
}

type Stored = Omit<FileOwner, 'id'>;

function ownersOf(database: ReturnType<typeof openTables>): FileOwners {
  const find = database.prepare<[string], Stored>(
    'SELECT tab AS "table", row, key FROM owners WHERE identity = ?',
  );
  const remove = database.prepare('UPDATE owners SET removed = 1 WHERE identity = ?');
  const isRemoved = database
    .prepare<[string, string], number>('SELECT removed FROM owners WHERE tab = ? AND row = ?')
    .pluck();
  const turns = new Map<string, Promise<unknown>>();
  return {
    of: (identity) =>
      find
        .all(identity)
        .map(({ table, row, key }) => ({ table, row, key, id: parseRow(row) ?? [] })),
    remove(identity) {
      remove.run(identity);
    },
    isRemoved: (table, row) => isRemoved.get(table, row) === 1,
    async inTurn(identity, work) {
      const before = turns.get(identity) ?? Promise.resolve();
      const mine = before.then(work, work);
      turns.set(identity, mine);
      try {
        return await mine;
      } finally {
        if (turns.get(identity) === mine) turns.delete(identity);
      }
    },
    close() {
      database.close();
    },
  };
}

/** Errors that say that a path refers to no file. */
const NO_FILE: ReadonlySet<string> = new Set(['ENOENT', 'ENOTDIR', 'ELOOP', 'ENAMETOOLONG']);

/** Returns the identity of the file that a reader gets for a path, links followed; null for none. */
function identityOf(root: string, path: Cell, where: () => string): string | null {
  const place = placeOf(root, path);
  if (place === null) return null;
  try {
    const { dev, ino } = statSync(place, { bigint: true });
    return `${dev}:${ino}`;
  } catch (error) {
    const code = systemCode(error) ?? '';
    if (NO_FILE.has(code)) return null;
    throw new Failure('DISK', {
      what: `it cannot be told which file a row needs (${code})`,
      where: where(),
      hint: 'give this user the right to reach its path, or correct the row, then run again',
      cause: error,
    });
  }
}

/** Readers take a path that is stored as bytes for a path, too. */
function placeOf(root: string, path: Cell): string | Buffer | null {
  if (path === null || typeof path === 'bigint' || path.length === 0) return null;
  if (typeof path === 'string') return path.includes('\0') ? null : resolve(root, path);
  const bytes = Buffer.from(path);
  if (bytes.includes(0)) return null;
  return bytes[0] === SLASH ? bytes : Buffer.concat([Buffer.from(`${root}/`), bytes]);
}

const SLASH = 0x2f;
