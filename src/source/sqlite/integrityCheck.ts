/**
 * SQLite's integrity check of a snapshot. It is `integrity_check`, as `quick_check` compares no
 * index with its table. If it cannot run as a whole, because a collation, a function or a tokenizer
 * is unknown, each table that can be checked is, and the pages of all are counted: a page that
 * belongs to nothing was cut off.
 */

import { quoteText } from '../../sql/quote.ts';
import { beginSnapshot, connect, sqliteCode, type Access, type Connection } from './connection.ts';
import { damageIn } from './integrityMessages.ts';

/** Result of an integrity check. */
export type IntegrityResult =
  /** The first damage: names of tables and numbers, never a value. */
  | { readonly kind: 'damaged'; readonly says: string }
  /** Tables that SQLite could not check completely. */
  | { readonly kind: 'checked'; readonly unchecked: readonly string[] }
  | { readonly kind: 'failed'; readonly why: string };

/** As many messages as SQLite allows, so that violated constraints of rows do not hide damage. */
const MESSAGES = 1_000_000;
/** The same for one table, for which SQLite accepts no number. */
const TABLE_MESSAGES = 100;
/** The page at this offset, in bytes, is never used. */
const LOCK_BYTE = 2 ** 30;
/** Page cache in KiB: indexes are read at random. */
const CACHE_KIB = 64_000;

/** Returns the result for an error of SQLite during a check. */
export function failedCheck(error: unknown): IntegrityResult {
  const code = sqliteCode(error);
  if (isDamage(code)) return { kind: 'damaged', says: code };
  return { kind: 'failed', why: code === '' ? 'it stopped' : `SQLite says ${code}` };
}

/** Whether the code means that a page cannot be read as what it should be. */
function isDamage(code: string): boolean {
  return /^SQLITE_(?:CORRUPT|NOTADB|IOERR_SHORT_READ|IOERR_CORRUPTFS)/.test(code);
}

/** Opens the database to be checked, and takes its snapshot. */
export function openToCheck(access: Access): Connection {
  const opened = connect(access);
  opened.pragma(`cache_size = -${CACHE_KIB}`);
  // Other checks cover the content of rows, and a function in a constraint may be unknown.
  opened.pragma('ignore_check_constraints = ON');
  beginSnapshot(opened);
  return opened;
}

/**
 * Checks the whole database. A tree under a stand-in collation (standIn.ts) is not in its order.
 */
export function findDamage(opened: Connection, { unordered = [] }: Access): IntegrityResult {
  try {
    if (unordered.length === 0) {
      const says = firstDamage(opened, null);
      return says === null ? { kind: 'checked', unchecked: [] } : { kind: 'damaged', says };
    }
  } catch (error) {
    if (!isUnchecked(error)) return failedCheck(error);
  }
  try {
    return checkByTable(opened, unordered);
  } catch (error) {
    return failedCheck(error);
  }
}

/** Returns the first damage that the check finds, in one table or in all; null for none. */
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

/** Whether SQLite stopped at its limit of messages, so that the rest was not checked. */
class Unchecked extends Error {}

function checkByTable(opened: Connection, unordered: readonly string[]): IntegrityResult {
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
      // The content of a virtual table is in its shadow tables.
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
 * Checks that every page is part of one tree, free, or SQLite's own: else a part of a table was cut
 * off, or is read twice. The check of one table does not cover that.
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
  // One page of back pointers for every so many pages, depending on reserved bytes.
  const maps = number('auto_vacuum') === 0 ? 0 : Math.ceil((5 * pages) / (size - 255)) + 1;
  if (stray < 0) return 'pages are part of more than one table or index';
  return stray > lock + maps ? 'pages belong to no table or index' : null;
}
