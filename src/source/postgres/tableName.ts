/** Names of PostgreSQL's tables in a mapping, and as identifiers. */

import { quote } from '../../sql/quote.ts';

/** The schema whose name is left out. */
export const DEFAULT_SCHEMA = 'public';

/** Returns `schema.table`, or `table` in the default schema; parts with a dot or quote are quoted. */
export function nameOf(schema: string, table: string): string {
  return schema === DEFAULT_SCHEMA ? part(table) : `${part(schema)}.${part(table)}`;
}

const SPECIAL = /[."]/;

function part(name: string): string {
  return SPECIAL.test(name) ? quote(name) : name;
}

/** Returns the identifier of a table, with its schema. */
export function identifier(schema: string, table: string): string {
  return `${quote(schema)}.${quote(table)}`;
}
