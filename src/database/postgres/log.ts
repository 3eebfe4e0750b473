/** The log: a table of Sealift's own beside the application's, whose lines have the order of their ordinals. */

import { quoteName } from '../../outcome/quoteName.ts';
import type { Connection } from '../../postgres/connect.ts';
import { quote } from '../../sql/quote.ts';
import type { Cell, LogTable } from '../database.ts';
import { refused } from '../refusals.ts';
import { listEntries, readColumns, type TableEntry } from './catalogue.ts';
import { cellOf, parameterType } from './cellText.ts';

/** Column that orders the lines. */
const ORDINAL = 'ordinal';
const PAGE = 500;

export function logIdentifier(schema: string, { name }: LogTable): string {
  return `${quote(schema)}.${quote(name)}`;
}

/** Whether the log is there. @throws Failure TARGET if something else has its name */
async function isThere(connection: Connection, schema: string, log: LogTable): Promise<boolean> {
  const entries = await listEntries(connection);
  const entry = entries.find((one) => one.schema === schema && one.name === log.name);
  if (entry === undefined) return false;
  if (!(await isLog(connection, entry, log))) {
    const hint = 'find out what it is, and rename it';
    throw refused(
      `the database has something else named ${quoteName(log.name)}`,
      connection.label,
      hint,
    );
  }
  return true;
}

async function isLog(connection: Connection, entry: TableEntry, log: LogTable): Promise<boolean> {
  if (entry.kind !== 'r') return false;
  const columns = await readColumns(connection, entry.oid);
  const wanted = [[ORDINAL, 'integer'], ...log.columns.map(({ name, kind }) => [name, kind])];
  const found = columns.map(({ facts: { name, kind } }) => [name, kind]);
  return columns[0]?.generated === true && JSON.stringify(found) === JSON.stringify(wanted);
}

/** @throws Failure TARGET, also if the user may not create or write it */
export async function createLog(
  connection: Connection,
  schema: string,
  log: LogTable,
): Promise<void> {
  const where = `${connection.label}, schema ${quoteName(schema)}`;
  const name = logIdentifier(schema, log);
  if (await isThere(connection, schema, log)) {
    const [[may] = []] = await connection.execute(
      `SELECT pg_catalog.has_table_privilege($1, 'SELECT') AND pg_catalog.has_table_privilege($1, 'INSERT')`,
      [name],
    );
    if (may === 't') return;
    throw refused(
      'the user may not write the log',
      where,
      `GRANT SELECT, INSERT ON ${name} to the user`,
    );
  }
  const [[may] = []] = await connection.execute(
    `SELECT pg_catalog.has_schema_privilege(n.oid, 'CREATE') FROM pg_catalog.pg_namespace n WHERE n.nspname = $1`,
    [schema],
  );
  if (may !== 't') {
    const hint = `GRANT CREATE ON SCHEMA ${quote(schema)} to the user`;
    throw refused('the user may not create the table of the log in this schema', where, hint);
  }
  const lines = [
    `${quote(ORDINAL)} bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY`,
    ...log.columns.map((column) => `${quote(column.name)} ${parameterType(column.kind)}`),
  ];
  await connection.query(`CREATE TABLE ${name} (${lines.join(', ')})`);
}

export async function dropLog(
  connection: Connection,
  schema: string,
  log: LogTable,
): Promise<void> {
  if (!(await isThere(connection, schema, log))) return;
  await connection.query(`DROP TABLE ${logIdentifier(schema, log)}`);
}

/** Reads the lines in batches. */
export async function* readLog(
  connection: Connection,
  schema: string,
  log: LogTable,
): AsyncGenerator<(readonly Cell[])[]> {
  if (!(await isThere(connection, schema, log))) return;
  const list = [ORDINAL, ...log.columns.map(({ name }) => name)].map(quote).join(', ');
  const sql = `SELECT ${list} FROM ${logIdentifier(schema, log)} WHERE ${ORDINAL} > $1::bigint ORDER BY ${ORDINAL} LIMIT ${PAGE}`;
  for (let after = '-1'; ;) {
    const rows = await connection.execute(sql, [after], log.name);
    const last = rows.at(-1)?.[0];
    if (last === null || last === undefined) return;
    after = last;
    yield rows.map(([, ...texts]): readonly Cell[] =>
      texts.map((text, at) => cellOf(text, log.columns[at]?.kind ?? 'text')),
    );
  }
}
