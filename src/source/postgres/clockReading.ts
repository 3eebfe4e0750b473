/** Asks the server whether it reads a text as the clock, where a date or a time is made of it. */

import { Failure } from '../../outcome/failure.ts';
import type { Connection } from '../../postgres/connect.ts';
import { sqlState } from '../../postgres/connectionFailure.ts';
import { quoteText } from '../../sql/quote.ts';

const TYPES = ['timestamptz', 'timestamp', 'date', 'timetz', 'time'];

/** Errors of a text that a type does not take (class 22, data exception). */
const DATA_EXCEPTION = /^22/;

/**
 * Whether one of the texts, each with a word for the clock in it, is one that a type of date or time takes.
 * Within a transaction.
 */
export async function isReadAsClock(
  connection: Connection,
  texts: Iterable<string>,
): Promise<boolean> {
  for (const text of texts) {
    for (const type of TYPES) {
      if (await isTaken(connection, `SELECT ${quoteText(text)}::pg_catalog.${type}`)) return true;
    }
  }
  return false;
}

async function isTaken(connection: Connection, sql: string): Promise<boolean> {
  await connection.query('SAVEPOINT reading');
  try {
    await connection.query(sql);
    return true;
  } catch (error) {
    const state = error instanceof Failure ? sqlState(error.cause) : null;
    if (state === null || !DATA_EXCEPTION.test(state)) throw error;
    return false;
  } finally {
    await connection
      .query('ROLLBACK TO SAVEPOINT reading; RELEASE SAVEPOINT reading')
      .catch(() => {});
  }
}
