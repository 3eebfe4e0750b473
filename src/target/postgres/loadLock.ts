/** One load at a time into a schema. */

import { lockKey, takeAdvisoryLock } from '../../postgres/advisoryLock.ts';
import type { Connection } from '../../postgres/connect.ts';
import { quoteText } from '../../sql/quote.ts';

const PATIENCE_MS = 6000;

/** Takes the lock. @throws Failure BUSY, which tells who holds it */
export async function takeLock(
  connection: Connection,
  schema: string,
  signal: AbortSignal,
): Promise<void> {
  const where = `${connection.label}, schema ${quoteText(schema)}`;
  const place = { what: 'this schema', where, patienceMs: PATIENCE_MS };
  await takeAdvisoryLock(connection, lockKey('load', schema), place, signal);
}
