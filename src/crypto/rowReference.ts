/**
 * The place of a value, as a text that is authenticated: logical names of table and column, and the
 * primary key. Each part is preceded by its length, so that no two places have the same bytes.
 */

import { Failure } from '../outcome/failure.ts';

export interface RowReference {
  /** Logical names: they stay when the table or column is renamed. */
  readonly table: string;
  readonly column: string;
  /** All parts of the primary key, in the order of its declaration, as text. */
  readonly key: readonly string[];
}

/** Joins parts, each as UTF-8 after its length in bytes (u32, big-endian). */
export function lengthPrefixed(parts: readonly string[]): Buffer {
  // UTF-8 has three bytes at most for a UTF-16 unit; counting them first would take a pass more.
  let most = 0;
  for (const part of parts) most += 4 + 3 * part.length;
  const bytes = Buffer.allocUnsafe(most);
  let at = 0;
  for (const part of parts) {
    const written = bytes.write(part, at + 4);
    bytes.writeUInt32BE(written, at);
    at += 4 + written;
  }
  return bytes.subarray(0, at);
}

/**
 * Returns the parts of a reference. @throws Failure MAPPING if it names no place, or has half of a
 * surrogate pair, which UTF-8 would make equal to another
 */
export function partsOf({ table, column, key }: RowReference): readonly string[] {
  if (table === '' || column === '' || key.every((part) => part === '')) {
    throw unbound('an empty row reference', 'declare the table, the column and the primary key');
  }
  const parts = [table, column, ...key];
  if (!parts.every((part) => part.isWellFormed())) {
    throw unbound('a row reference that is not Unicode', 'correct the primary key of the row');
  }
  return parts;
}

function unbound(what: string, hint: string): Failure {
  return new Failure('MAPPING', { what: `a value cannot be bound to ${what}`, hint });
}
