/**
 * SQLite's integrity check of a snapshot. `integrity_check`, not `quick_check`, which compares no index
 * with its table. Where it cannot run as a whole, because a collation, a function or a tokenizer is not
 * there, each table that can be checked is, and the pages of all of them are counted: a page that
 * belongs to nothing was cut off.
 */

import { quoteText } from '../../sql/quote.ts';
import { beginSnapshot, connect, sqliteCode, type Access, type Connection } from './connection.ts';
import { damageIn } from './integrityMessages.ts';

/** What a look for damage says. */
export type Looked =
  /** The first thing that is wrong; names of tables and numbers, never a value. */
  | { readonly kind: 'damaged'; readonly says: string }
  /** Tables of which SQLite could not check everything. */
  | { readonly kind: 'checked'; readonly unchecked: readonly string[] }
  | { readonly kind: 'failed'; readonly why: string };

/** As many messages as SQLite will give, so that broken rules in rows do not hide damage. */
const MESSAGES = 1_000_000;
/** The same for one table, where SQLite takes no number. */
const TABLE_MESSAGES = 100;
/** The page at this place is never used. */
const LOCK_BYTE = 2 ** 30;
/** Indexes are looked up in at random. */
const CACHE_KIB = 64_000;

/** What an error of SQLite says of what was looked at. */
export function failedLook(error: unknown): Looked {
  const code = sqliteCode(error);
  if (isDamage(code)) return { kind: 'damaged', says: code };
  return { kind: 'failed', why: code === '' ? 'it stopped' : `SQLite says ${code}` };
}

/** Result codes of pages that cannot be read as what they are. */
function isDamage(code: string): boolean {
  return /^SQLITE_(?:CORRUPT|NOTADB|IOERR_SHORT_READ|IOERR_CORRUPTFS)/.test(code);
}

/** Opens what is to be checked, and takes its snapshot. */
export function openToCheck(access: Access): Connection {
  const opened = connect(access);
  opened.pragma(`cache_size = -${CACHE_KIB}`);
  // What rows hold is for other checks, and a function that a constraint calls may not be there.
  opened.pragma('ignore_check_constraints = ON');
  beginSnapshot(opened);
  return opened;
}

/** Looks at everything. What a stand-in of a collation orders (standIn.ts) is not in its order. */
export function lookForDamage(opened: Connection, { unordered = [] }: Access): Looked {
  try {
    if (unordered.length === 0) {
      const says = firstDamage(opened, null);
      return says === null ? { kind: 'checked', unchecked: [] } : { kind: 'damaged', says };
    }
  } catch (error) {
    if (!isUnchecked(error)) return failedLook(error);
  }
  try {
    return checkByTable(opened, unordered);
  } catch (error) {
    return failedLook(error);
  }
}

/** The first damage that the check finds, of one table or of all; null for none. */
function firstDamage(opened: Connection, table: string | null): string | null {
  const [of, limit] =
    table === null ? [String(MESSAGES), MESSAGES] : [quoteText(table), TABLE_MESSAGES];
  const statement = opened.prepare<[], string>(`PRAGMA main.integrity_check(${of})`).pluck();
  let results = 0;
  for (const result of statement.iterate()) {
    const [says] = damageIn(result);
    if (says !== undefined) return says;
    results += 1;
  }
  if (results >= limit) throw new Unchecked();
  return null;
}

/** SQLite stops after so many messages, and what follows was not looked at. */
class Unchecked extends Error {}

function checkByTable(opened: Connection, unordered: readonly string[]): Looked {
  const tables = opened
    .prepare<[], { name: string; rootpage: number | null }>(
      `SELECT CAST(name AS TEXT) AS name, rootpage FROM main.sqlite_schema
       WHERE CAST(type AS TEXT) = 'table'`,
    )
    .all();
  const unchecked: string[] = [];
  for (const { name, rootpage } of [{ name: 'sqlite_schema', rootpage: 1 }, ...tables]) {
    try {
      if (unordered.includes(name)) throw new Unchecked();
      const says = firstDamage(opened, name);
      if (says !== null) return { kind: 'damaged', says };
    } catch (error) {
      if (!isUnchecked(error)) throw error;
      // What a virtual table holds is in its shadows, which are tables.
      if ((rootpage ?? 0) > 0) unchecked.push(name);
    }
  }
  const says = strayPages(opened);
  return says === null ? { kind: 'checked', unchecked } : { kind: 'damaged', says };
}

function isUnchecked(error: unknown): boolean {
  return error instanceof Unchecked || sqliteCode(error).startsWith('SQLITE_ERROR');
}

/**
 * Every page is part of one tree, free, or SQLite's own: else a part of a table was cut off, or is
 * read twice. The check of one table does not look at that.
 */
function strayPages(opened: Connection): string | null {
  const number = (name: string): number => Number(opened.pragma(`main.${name}`, { simple: true }));
  const [pages, size] = [number('page_count'), number('page_size')];
  const used = opened
    .prepare<[number], number>('SELECT count(*) FROM (SELECT 1 FROM dbstat LIMIT ?)')
    .pluck()
    .get(pages + 1);
  const stray = pages - (used ?? 0) - number('freelist_count');
  const lock = pages > LOCK_BYTE / size ? 1 : 0;
  // A page that points back for every so many; how many depends on bytes that may be reserved.
  const maps = number('auto_vacuum') === 0 ? 0 : Math.ceil((5 * pages) / (size - 255)) + 1;
  if (stray < 0) return 'pages are part of more than one table or index';
  return stray > lock + maps ? 'pages belong to no table or index' : null;
}
