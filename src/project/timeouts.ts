/** How long a command waits for its sources. */

import { Failure } from '../outcome/failure.ts';
import type { Timeouts } from '../source/source.ts';

/** Seconds that a query of the mapping, or a view, may take to yield its next rows; 0 is no limit. */
const VARIABLE = 'SEALIFT_QUERY_SECONDS';
const QUERY_SECONDS = 600;
/** Timers count at most 2^31 milliseconds. */
const MOST_SECONDS = 2_000_000;

/** Returns the timeouts of sources. @throws Failure USAGE if a variable holds no number of seconds */
export function timeoutsOf(variables: Readonly<Record<string, string | undefined>>): Timeouts {
  return { connectMs: 10_000, lockMs: 5000, queryMs: 1000 * querySeconds(variables[VARIABLE]) };
}

function querySeconds(text: string | undefined): number {
  if (text === undefined) return QUERY_SECONDS;
  const seconds = /^\d{1,7}$/.test(text) ? Number(text) : Infinity;
  if (seconds <= MOST_SECONDS) return seconds;
  throw new Failure('USAGE', {
    what: `a limit for queries is a whole number of seconds, up to ${MOST_SECONDS}`,
    where: VARIABLE,
    hint: 'choose another one, 0 for none, or unset it',
  });
}
