/**
 * Cells, keys and batches, as all adapters compare them: by type and by bytes, whatever collation a
 * column has. Pure.
 */

import { quoteName } from '../outcome/quoteName.ts';
import type { Cell, Change, RowKey } from './database.ts';

/** Whether two cells have the same type and the same bytes. */
export function sameCell(one: Cell, other: Cell): boolean {
  if (!(one instanceof Uint8Array)) return one === other;
  return other instanceof Uint8Array && Buffer.compare(one, other) === 0;
}

/** Orders cells: integers by value, then texts by the bytes of their UTF-8, then bytes. */
function compareCells(one: Cell, other: Cell): number {
  const [a, b] = [rankOf(one), rankOf(other)];
  if (a !== b) return a - b;
  if (typeof one === 'bigint' && typeof other === 'bigint') {
    return one < other ? -1 : Number(one > other);
  }
  return Buffer.compare(bytesOf(one), bytesOf(other));
}

/** Orders keys of the same columns, as {@link compareCells} does. */
export function compareKeys(one: RowKey, other: RowKey): number {
  for (const [at, cell] of one.entries()) {
    const order = compareCells(cell, other[at] ?? null);
    if (order !== 0) return order;
  }
  return 0;
}

function rankOf(cell: Cell): number {
  if (cell === null) return 0;
  if (typeof cell === 'bigint') return 1;
  return typeof cell === 'string' ? 2 : 3;
}

function bytesOf(cell: Cell): Uint8Array {
  return cell instanceof Uint8Array ? cell : Buffer.from(String(cell));
}

/** Returns a text that no other key has. */
export function keyText(key: RowKey): string {
  return JSON.stringify(key.map((cell) => [rankOf(cell), plainText(cell)]));
}

function plainText(cell: Cell): string {
  return cell instanceof Uint8Array ? Buffer.from(cell).toString('hex') : String(cell);
}

/** Returns a key for a message. */
export function shownKey(key: RowKey): string {
  return key
    .map((cell) => (typeof cell === 'string' ? quoteName(cell) : plainText(cell).slice(0, 80)))
    .join(', ');
}

/** Whether a text can be stored as UTF-8; a lone surrogate would become another character. */
export function isExact(cell: Cell): boolean {
  return typeof cell !== 'string' || cell.isWellFormed();
}

export interface BatchColumns {
  readonly expect: readonly string[];
  readonly set: readonly string[];
}

/** Returns the columns that a batch expects and sets. Two changes of one row are a defect of the caller. */
export function columnsOf(changes: readonly Change[]): BatchColumns {
  const [first] = changes;
  if (first === undefined) return { expect: [], set: [] };
  const [expect, set] = [Object.keys(first.expect), Object.keys(first.set)];
  const seen = new Set<string>();
  for (const change of changes) {
    if (!hasOnly(change.expect, expect) || !hasOnly(change.set, set)) {
      throw new TypeError('changes of a batch name different columns');
    }
    seen.add(keyText(change.key));
  }
  if (seen.size !== changes.length) throw new TypeError('two changes of a batch are of one row');
  return { expect, set };
}

function hasOnly(cells: Readonly<Record<string, Cell>>, names: readonly string[]): boolean {
  return (
    Object.keys(cells).length === names.length && names.every((name) => Object.hasOwn(cells, name))
  );
}
