/**
 * The date functions as SQLite has them, but for what reads the clock or the time zone: such a word
 * may also stand in the data, where the text of a query does not show it.
 */

import { CLOCK_WORDS, DATE_FUNCTIONS } from './query.ts';

/** A connection on which functions can be defined. */
interface Host {
  function(
    name: string,
    options: { readonly varargs: true; readonly deterministic: true },
    work: (...cells: unknown[]) => unknown,
  ): unknown;
}

/** A connection of its own, on which the functions are what they were. */
interface Plain {
  prepare(sql: string): { pluck(): { get(...cells: unknown[]): unknown } };
}

/** Defines each date function as `${prefix}${name}`; throws what `clock` makes where it is asked. */
export function defineDates(host: Host, plain: Plain, prefix: string, clock: () => Error): void {
  for (const name of DATE_FUNCTIONS) {
    const statements = new Map<number, { get(...cells: unknown[]): unknown }>();
    host.function(prefix + name, { varargs: true, deterministic: true }, (...cells) => {
      const asks = cells.some((cell) => typeof cell === 'string' && CLOCK_WORDS.test(cell));
      if (asks || cells.length === 0) throw clock();
      const marks = cells.map(() => '?').join(', ');
      const statement =
        statements.get(cells.length) ?? plain.prepare(`SELECT ${name}(${marks})`).pluck();
      statements.set(cells.length, statement);
      return statement.get(...cells);
    });
  }
}
