/**
 * Numbers of rows and digests of all tables of a SQLite database. A table is read in the order of its pages,
 * which a copy of the pages keeps; each cell counts with its type, its length and its bytes, and those of
 * texts as they are stored.
 */

import { createHash, type Hash } from 'node:crypto';

import { quote } from '../../sql/quote.ts';
import type { SqlClient, SqlValue } from '../world/world.ts';
import type { TableDigest } from './tableDigests.ts';

const MOST = 100_000;

/** Digests all tables, by name, but for those that SQLite makes and fills itself. */
export async function digestSqlite(client: SqlClient): Promise<readonly TableDigest[]> {
  const { rows } = await client.query(
    `SELECT name FROM main.sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'
      AND sql NOT LIKE 'CREATE VIRTUAL%' ORDER BY name`,
    [],
    MOST,
  );
  const digests: TableDigest[] = [];
  for (const [name] of rows) digests.push(await digestOf(client, String(name)));
  return digests;
}

async function digestOf(client: SqlClient, name: string): Promise<TableDigest> {
  const { rows: found } = await client.query(
    `SELECT name FROM pragma_table_xinfo(?) WHERE hidden <> 1`,
    [name],
    MOST,
  );
  const cells = found.map(([column]) => {
    const cell = quote(String(column));
    return `typeof(${cell}), CASE typeof(${cell}) WHEN 'text' THEN CAST(${cell} AS blob) ELSE ${cell} END`;
  });
  const digest = createHash('sha256');
  let count = 0;
  const sql = `SELECT ${cells.join(', ')} FROM main.${quote(name)} NOT INDEXED`;
  for await (const { rows } of client.pages(sql)) {
    for (const row of rows) for (const cell of row) note(digest, cell);
    count += rows.length;
  }
  return { name, rows: count, digest: digest.digest('hex') };
}

function note(digest: Hash, cell: SqlValue): void {
  const bytes =
    cell instanceof Uint8Array ? cell : Buffer.from(cell === null ? '' : String(cell), 'utf8');
  digest.update(`${bytes.length}:`).update(bytes);
}
