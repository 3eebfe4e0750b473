/**
 * SQLite's date functions without access to the clock or the time zone: words such as `now` may be
 * in the data, where the text of a query does not show them. Integers are passed as integers both
 * ways, as dividing integers differs from dividing doubles.
 */

import { CLOCK_WORDS, DATE_FUNCTIONS } from './query.ts';

/** A connection on which functions can be defined. */
interface Host {
  function(
    name: string,
    options: {
      readonly varargs: true;
      readonly deterministic: true;
      readonly safeIntegers: true;
    },
    work: (...cells: unknown[]) => unknown,
  ): unknown;
}

/** A separate connection, on which the functions are not replaced. */
interface Plain {
  prepare(sql: string): { pluck(): { safeIntegers(): { get(...cells: unknown[]): unknown } } };
}

/** Defines each date function as `${prefix}${name}`; it throws `clock()` instead of reading it. */
export function defineDates(host: Host, plain: Plain, prefix: string, clock: () => Error): void {
  const options = { varargs: true, deterministic: true, safeIntegers: true } as const;
  for (const name of DATE_FUNCTIONS) {
    const statements = new Map<number, { get(...cells: unknown[]): unknown }>();
    host.function(prefix + name, options, (...cells) => {
      if (cells.length === 0 || cells.some(isClockWord)) throw clock();
      const marks = cells.map(() => '?').join(', ');
      const statement =
        statements.get(cells.length) ??
        plain.prepare(`SELECT ${name}(${marks})`).pluck().safeIntegers();
      statements.set(cells.length, statement);
      return statement.get(...cells);
    });
  }
}

/** Whether a cell is a clock word. SQLite reads bytes as text here, and ends it at a NUL. */
function isClockWord(cell: unknown): boolean {
  const text = cell instanceof Uint8Array ? Buffer.from(cell).toString('latin1') : cell;
  if (typeof text !== 'string') return false;
  const end = text.indexOf('\0');
  return CLOCK_WORDS.test(end < 0 ? text : text.slice(0, end));
}
