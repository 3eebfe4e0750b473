/**
 * Locks that keep tables as a snapshot sees them: a TRUNCATE or a rewriting ALTER TABLE after the snapshot
 * would make them look empty. Every session takes them at its beginning: later it would wait for a
 * TRUNCATE that waits for the first session.
 */

import type { Connection } from '../../postgres/connect.ts';
import { quoteText } from '../../sql/quote.ts';
import { OF_USERS, type Lockable } from './catalogue.ts';

/** Locks what LOCK TABLE can, without beginning a snapshot. @throws Failure that names the table */
export async function lockTables(
  connection: Connection,
  lockable: readonly Lockable[],
  lockMs: number,
): Promise<void> {
  // No wait at all cannot be said by a setting.
  await connection.query(`SET LOCAL lock_timeout = ${quoteText(`${Math.max(1, lockMs)}ms`)}`);
  for (const { name, from, directly } of lockable) {
    if (directly) await connection.query(`LOCK TABLE ${from} IN ACCESS SHARE MODE`, name);
  }
}

/** Locks the others by a query, in a snapshot. @throws Failure that names the table */
export async function lockByQuery(
  connection: Connection,
  lockable: readonly Lockable[],
): Promise<void> {
  for (const { name, from, directly } of lockable) {
    if (!directly) await connection.query(`SELECT FROM ${from} LIMIT 0`, name);
  }
  await connection.query('SET LOCAL lock_timeout = 0');
}

/**
 * Whether a table was rewritten after the snapshot began and before it was locked: then its file is not the
 * one that the snapshot knows.
 */
export async function isRewritten(connection: Connection): Promise<boolean> {
  const [[rewritten] = []] = await connection.query(
    `SELECT EXISTS (SELECT FROM pg_catalog.pg_class c
      JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'm') AND ${OF_USERS} AND has_any_column_privilege(c.oid, 'SELECT')
      AND c.relfilenode IS DISTINCT FROM pg_catalog.pg_relation_filenode(c.oid))`,
  );
  return rewritten === 't';
}
