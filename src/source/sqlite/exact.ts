/**
 * Exactness: better-sqlite3 rounds integers beyond 2^53 and replaces invalid Unicode by U+FFFD.
 * Such suspicious cells are read a second time without loss.
 */

import { TextDecoder } from 'node:util';
import { InvalidText, type SourceValue } from '../../record/value.ts';
import { quote } from '../../sql/quote.ts';

/** A value as better-sqlite3 yields it. */
export type Cell = null | number | bigint | string | Buffer;

export type Encoding = 'UTF-8' | 'UTF-16le' | 'UTF-16be';

/** From this value on a double may represent another integer. */
export const ROUNDED: number = 2 ** 53;

const REPLACEMENT = '\uFFFD';
const SURROGATE_OR_REPLACEMENT = /[\uD800-\uDFFF\uFFFD]/;

/**
 * Whether a text may have been changed in reading: it holds a replacement character, or SQLite,
 * converting UTF-16, may have joined a lone surrogate with the next unit.
 */
export function looksChanged(text: string, utf16: boolean): boolean {
  // `includes` gives the same result, but takes up to three times as long.
  return utf16 ? SURROGATE_OR_REPLACEMENT.test(text) : text.indexOf(REPLACEMENT) !== -1;
}

/** Returns SQL for UTF-16: 1 if a text ends in half a unit, which SQLite silently drops. */
export function halfUnits(columns: readonly string[]): string {
  const odd = columns.map((name) => {
    return `typeof(${quote(name)}) = 'text' AND length(CAST(${quote(name)} AS BLOB)) % 2`;
  });
  // In groups, since the depth of an expression and the arguments of a function are limited.
  const groups: string[] = [];
  for (let at = 0; at < odd.length; at += 50) {
    groups.push(`max(0, ${odd.slice(at, at + 50).join(', ')})`);
  }
  return groups.length === 0 ? '0' : groups.join(' + ');
}

/** Lists the columns of the exact form: each cell, then its stored bytes if it is text. */
export function exactColumns(columns: readonly string[]): string[] {
  return columns.flatMap((name) => {
    const column = quote(name);
    return [column, `CASE typeof(${column}) WHEN 'text' THEN CAST(${column} AS BLOB) END`];
  });
}

/** Converts a row of the exact form (integers as bigint) into cells; further columns are kept. */
export function exactRow(pairs: readonly Cell[], width: number, encoding: Encoding): SourceValue[] {
  const row: SourceValue[] = [];
  for (let index = 0; index < width; index++) {
    const value = pairs[2 * index] ?? null;
    const bytes = pairs[2 * index + 1];
    if (typeof value === 'bigint') row.push(plainInteger(value));
    else if (typeof value === 'string' && bytes instanceof Uint8Array) {
      row.push(exactText(value, bytes, encoding));
    } else row.push(value);
  }
  for (let index = 2 * width; index < pairs.length; index++) row.push(pairs[index] ?? null);
  return row;
}

/** Returns a number if a double holds it, else the bigint. */
export function plainInteger(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

/** Returns a rowid as locator: a string if a double would round it. */
export function locator(value: bigint | number): number | string {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : String(value);
}

const DECODERS: Readonly<Record<Encoding, TextDecoder>> = {
  'UTF-8': new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }),
  'UTF-16le': new TextDecoder('utf-16le', { fatal: true, ignoreBOM: true }),
  'UTF-16be': new TextDecoder('utf-16be', { fatal: true, ignoreBOM: true }),
};

function exactText(value: string, bytes: Uint8Array, encoding: Encoding): string | InvalidText {
  const utf16 = encoding !== 'UTF-8';
  if (!looksChanged(value, utf16) && !(utf16 && bytes.length % 2 === 1)) return value;
  try {
    return DECODERS[encoding].decode(bytes);
  } catch {
    return new InvalidText(bytes);
  }
}
