/**
 * Values in columns of a table besides those that are read: what is written there alone is in no record, and
 * a reading of the others does not notice it.
 */

import { quote, quoteText } from '../../sql/quote.ts';
import type { Connection } from '../../postgres/connect.ts';

/** Columns of a table other than these, but for generated ones; null as missing where old rows have no value. */
const OTHERS = `
  SELECT a.attname, (a.attmissingval::text::text[])[1], pg_catalog.has_column_privilege(a.attrelid, a.attnum, 'SELECT')
  FROM pg_catalog.pg_attribute a
  WHERE a.attrelid = $1::regclass AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
    AND a.attname <> ALL ($2::text[])
  ORDER BY a.attnum`;

/**
 * Returns the columns of a table (quoted, with its schema) other than `read` in which a row has a value, but
 * for the one that rows had when the column was added; also those that this role may not read. @throws Failure
 */
export async function columnsBeside(
  connection: Connection,
  table: string,
  read: readonly string[],
): Promise<string[]> {
  const others = await connection.execute(OTHERS, [table, read]);
  const names = others.map(([name]) => String(name));
  if (names.length === 0) return [];
  const found = others.map(([name, missing, mayRead]) => {
    if (mayRead !== 't') return 'true';
    const column = quote(String(name));
    // By the function of the type that writes it: operators and casts may be those of another role.
    const isOther =
      missing === null || missing === undefined
        ? ''
        : ` AND pg_catalog.format('%s', ${column}) <> ${quoteText(missing)}`;
    return `coalesce(pg_catalog.bool_or(pg_catalog.num_nonnulls(${column}) > 0${isOther}), false)`;
  });
  const [row = []] = await connection.query(`SELECT ${found.join(', ')} FROM ${table}`, table);
  return names.filter((_, at) => row[at] === 't');
}
