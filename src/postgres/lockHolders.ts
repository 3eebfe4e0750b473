/** Who keeps tables from being locked, for a message: sessions, and prepared transactions. */

import { quoteName } from '../outcome/quoteName.ts';
import type { Connection } from './connect.ts';

/** One without a process is a prepared transaction, which has its name under its transaction's number. */
const HOLDERS = `
  SELECT DISTINCT l.pid, coalesce(a.usename, x.owner), x.gid,
    to_char(coalesce(a.xact_start, x.prepared), 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS since
  FROM pg_catalog.pg_locks l
    LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid
    LEFT JOIN pg_catalog.pg_locks t ON l.pid IS NULL AND t.pid IS NULL AND t.locktype = 'transactionid'
      AND t.virtualtransaction = l.virtualtransaction
    LEFT JOIN pg_catalog.pg_prepared_xacts x ON x.transaction = t.transactionid
  WHERE l.granted AND l.locktype = 'relation' AND l.relation = ANY ($1::oid[])
    AND l.pid IS DISTINCT FROM pg_backend_pid()
    AND l.database = (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = current_database())
    AND l.mode <> ALL ($2::text[])
  ORDER BY 4 NULLS LAST, l.pid`;

/**
 * Names those that hold locks on tables, by their oids, but for locks of the modes in `harmless`: such as
 * `session 4711 of role "app", begun at 2026-11-29T02:10:00Z`. The one that began first comes first.
 */
export async function lockHolders(
  connection: Connection,
  oids: readonly string[],
  harmless: readonly string[],
): Promise<string> {
  const found = await connection.execute(HOLDERS, [oids, harmless]);
  const names = found.map(([pid, role, gid, since]) => {
    const of = role === null || role === undefined ? '' : ` of role ${quoteName(role)}`;
    const begun = since === null || since === undefined ? '' : `, begun at ${since}`;
    const isPrepared = gid !== null && gid !== undefined;
    const what = isPrepared ? `prepared transaction ${quoteName(gid)}` : `session ${pid}`;
    return `${what}${of}${begun}`;
  });
  return names.length === 0 ? 'a transaction that has just ended' : names.join('; ');
}
