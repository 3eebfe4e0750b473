/** The log: a table of Sealift's own beside the application's, whose lines have the order of their ordinals. */

import type { Database } from 'better-sqlite3';

import { quote, quoteText } from '../../sql/quote.ts';
import type { Cell, LogTable } from '../database.ts';
import { refused } from '../refusals.ts';

/** Column that orders the lines. */
const ORDINAL = 'ordinal';
const PAGE = 500;

const TYPES = { text: 'TEXT', integer: 'INTEGER', bytes: 'BLOB' } as const;

function statement({ name, columns }: LogTable): string {
  const lines = [
    `${quote(ORDINAL)} INTEGER PRIMARY KEY`,
    ...columns.map((column) => `${quote(column.name)} ${TYPES[column.kind]}`),
  ];
  return `CREATE TABLE ${quote(name)} (${lines.join(', ')}) STRICT`;
}

/** Whether the log is there. @throws Failure TARGET if something else has its name */
function isThere(db: Database, log: LogTable, where: string): boolean {
  const sql = db
    .prepare<[string], string>("SELECT coalesce(sql, '') FROM main.sqlite_schema WHERE name = ?")
    .pluck()
    .get(log.name);
  if (sql === undefined || sql === statement(log)) return sql !== undefined;
  const hint = 'find out what it is, and rename it';
  throw refused(`the database has something else named ${quoteText(log.name)}`, where, hint);
}

export function createLog(db: Database, log: LogTable, where: string): void {
  db.transaction(() => {
    if (!isThere(db, log, where)) db.exec(statement(log));
  }).immediate();
}

export function dropLog(db: Database, log: LogTable, where: string): void {
  db.transaction(() => {
    if (isThere(db, log, where)) db.exec(`DROP TABLE main.${quote(log.name)}`);
  }).immediate();
}

/** Returns a function that writes a line. */
export function insertLine(
  db: Database,
  { name, columns }: LogTable,
): (line: readonly Cell[]) => void {
  const names = columns.map((column) => quote(column.name)).join(', ');
  const marks = columns.map(() => '?').join(', ');
  const insert = db.prepare<Cell[]>(`INSERT INTO main.${quote(name)} (${names}) VALUES (${marks})`);
  return (line) => {
    insert.run(...line);
  };
}

/** Reads the lines after an ordinal, at most a page; the ordinal comes first. */
export function linesAfter(
  db: Database,
  log: LogTable,
  after: bigint,
  where: string,
): [bigint, ...Cell[]][] {
  if (!isThere(db, log, where)) return [];
  const list = [ORDINAL, ...log.columns.map(({ name }) => name)].map(quote).join(', ');
  const sql = `SELECT ${list} FROM main.${quote(log.name)} WHERE ${ORDINAL} > ? ORDER BY ${ORDINAL} LIMIT ${PAGE}`;
  return db.prepare<[bigint], [bigint, ...Cell[]]>(sql).raw().all(after);
}
