/** Finds the tables and columns that a mapping names; an unknown name never reaches SQL. */

import { Failure } from '../../outcome/failure.ts';
import { translated, type Access, type Connection } from './connection.ts';
import { readTableAccess, type TableAccess } from './schema.ts';

/** Returns how a table is read. An unknown name never reaches SQL. */
export function tableAccess(db: Connection, access: Access, table: string): TableAccess {
  const found = translated(access, null, () => readTableAccess(db, table));
  if (found !== null) return found;
  throw new Failure('SOURCE_SCHEMA', {
    what: `the database has no readable table ${JSON.stringify(table.slice(0, 80))}`,
    where: access.shown,
    hint: 'check the mapping against the database',
  });
}

/** Makes the Failure for a column that does not exist. */
export function noColumn(shown: string, table: string, column: string): Failure {
  return new Failure('SOURCE_SCHEMA', {
    what: `table ${JSON.stringify(table)} has no column ${JSON.stringify(column.slice(0, 80))}`,
    where: shown,
    hint: 'check the mapping against the database',
  });
}
