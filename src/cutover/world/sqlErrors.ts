/**
 * Errors of a database as Failures: by code, never by the message, which may hold values. A statement that
 * was refused is told apart from a connection that was lost, as only the first is sure to have had no effect.
 */

import { Failure } from '../../outcome/failure.ts';
import { quoteName } from '../../outcome/quoteName.ts';
import { sqlState } from '../../postgres/connectionFailure.ts';
import { targetFailure } from '../../postgres/targetFailure.ts';

/** What is wrong with a statement, by SQLSTATE. */
const STATES: ReadonlyMap<string, string> = new Map([
  ['25006', 'the statement would write, and only reading is allowed'],
  ['25001', 'the statement cannot run in a transaction'],
  ['2D000', 'the statement would end the transaction that it runs in'],
  ['42501', 'the role has no permission for it'],
  ['42601', 'the syntax is not that of the server'],
  ['42703', 'there is no such column'],
  ['42704', 'there is no such object'],
  ['42710', 'an object of this name exists already'],
  ['42701', 'a column of this name exists already'],
  ['42723', 'a function of this name exists already'],
  ['42883', 'there is no such function or operator'],
  ['42P01', 'there is no such table'],
  ['42P06', 'a schema of this name exists already'],
  ['42P07', 'a table or index of this name exists already'],
  ['3F000', 'there is no such schema'],
  ['22012', 'something is divided by zero'],
  ['23502', 'a column that may not be null gets no value'],
  ['23503', 'a row refers to one that is not there'],
  ['23505', 'values that have to be unique occur twice'],
  ['23514', 'a value is not one that a check allows'],
  ['2BP01', 'other objects depend on it'],
  ['40001', 'another transaction has changed the same rows'],
  ['40P01', 'the server ended it, as two sessions waited for each other'],
  ['55006', 'the object is in use'],
  ['55P03', 'another session holds a lock'],
  ['57014', 'the server cancelled it'],
  ['P0001', 'the statement raised an error of its own'],
]);

/** Classes of states that are about the session, not about a statement; see the documentation of SQLSTATE. */
const SESSION = /^(?:08|28|3D|53|57P|58|XX|25P0[34])/;

/** Returns the Failure that an error of a server stands for; `where` names the place. */
export function postgresFailure(error: unknown, where: string): Failure {
  if (error instanceof Failure) return error;
  const state = sqlState(error);
  if (state === null || SESSION.test(state)) return targetFailure(error, where);
  const isPolicy =
    state === '42501' && (error as { routine?: unknown }).routine === 'check_enable_rls';
  const what = isPolicy
    ? 'a row security policy would hide rows from this role'
    : (STATES.get(state) ?? `the server refused the statement (SQLSTATE ${state})`);
  return new Failure('TARGET', {
    what,
    where: withNames(where, error),
    hint: hintOf(state),
    cause: error,
  });
}

function hintOf(state: string): string {
  if (state === '42501') return 'grant the role what it needs, or name a role that has it';
  return 'correct the statement; the log of the server has its own words';
}

/** Adds names that the server sends in fields of their own, which hold no values. */
function withNames(where: string, error: unknown): string {
  const { table, column, constraint } = Object(error) as Record<string, unknown>;
  const named = Object.entries({ table, column, constraint }).flatMap(([word, name]) =>
    typeof name === 'string' ? [`${word} ${quoteName(name)}`] : [],
  );
  return [where, ...named].join(', ');
}

/** By the beginning of SQLite's code. */
const CODES: readonly (readonly [code: string, what: string])[] = [
  ['SQLITE_CONSTRAINT', 'a constraint of a table refuses it'],
  ['SQLITE_MISMATCH', 'a value is not of the type of its column'],
  ['SQLITE_READONLY', 'the statement would write, and only reading is allowed'],
  ['SQLITE_NOTADB', 'the file is no SQLite database, or is encrypted'],
  ['SQLITE_CORRUPT', 'the database is damaged'],
  ['SQLITE_FULL', 'the disk is full'],
  ['SQLITE_IOERR', 'the disk returned an error'],
  ['SQLITE_CANTOPEN', 'the database cannot be opened'],
  ['SQLITE_TOOBIG', 'a value is larger than SQLite can hold'],
];

/** Codes that are not about a statement. */
const OF_FILE = /^SQLITE_(?:BUSY|LOCKED|NOTADB|CORRUPT|FULL|IOERR|CANTOPEN|NOMEM)/;

/** Cause of a Failure of SQLite, whose own error stays in its process. */
interface SqliteCause {
  readonly code: string;
}

/** Returns the Failure for a code of SQLite, or another word on what is wrong. */
export function sqliteFailure(code: string, where: string, line: number | null = null): Failure {
  const place = line === null ? where : `${where}, line ${line}`;
  const cause: SqliteCause = { code };
  if (/^SQLITE_(?:BUSY|LOCKED)/.test(code)) {
    return new Failure('BUSY', {
      what: 'another process holds the lock of the database',
      where: place,
      hint: 'wait until it has ended, then run again',
      cause,
    });
  }
  const known = CODES.find(([prefix]) => code.startsWith(prefix))?.[1];
  const what = known ?? `SQLite refused the statement (${code})`;
  return new Failure('TARGET', { what, where: place, hint: 'correct it, then run again', cause });
}

/** Whether a database refused a statement, which then has had no effect. */
export function isRefused(error: unknown): error is Failure {
  if (!(error instanceof Failure)) return false;
  const { code } = Object(error.cause) as { code?: unknown };
  if (typeof code !== 'string') return false;
  if (code.startsWith('SQLITE_')) return !OF_FILE.test(code);
  return /^[0-9A-Z]{5}$/.test(code) && !SESSION.test(code);
}

/** Returns the SQLSTATE, or SQLite's code, of a Failure; null for any other. */
export function codeOf(error: unknown): string | null {
  const { code } = Object(error instanceof Failure ? error.cause : null) as { code?: unknown };
  return typeof code === 'string' ? code : null;
}

/** Returns the Failure with the place and line of its statement, given where its text begins. */
export function atLine(error: unknown, text: string, begins: number, where: string): unknown {
  if (!(error instanceof Failure)) return error;
  const { position } = Object(error.cause) as { position?: unknown };
  // In characters, from 1.
  let left = Number(position ?? 1) - 1;
  let line = begins;
  for (const character of text) {
    if (left <= 0) break;
    left -= 1;
    if (character === '\n') line += 1;
  }
  const named = error.where === undefined ? where : where + afterLabel(error.where);
  return new Failure(error.code, {
    what: error.message,
    where: `${named}, line ${line}`,
    ...(error.hint === undefined ? {} : { hint: error.hint }),
    cause: error.cause,
  });
}

const PLACE = /, (?:table|column|constraint) ".*$/s;

/** Names that follow the place in a Failure, such as a constraint. */
function afterLabel(where: string): string {
  return PLACE.exec(where)?.[0] ?? '';
}
