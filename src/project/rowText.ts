/** Names of rows of an application's database: in journals, in findings and in messages. Pure. */

import type { Cell, RowKey } from '../database/database.ts';
import { canonicalJson } from '../record/canonical.ts';

/** Part of a key as JSON: a text, a whole number, or what JSON has no form for. */
type JsonPart = string | number | { readonly integer: string } | { readonly bytes: string };

/** Returns a key as canonical JSON, such as `["42"]` or `[42]`: texts and numbers stay apart. */
export function rowText(key: RowKey): string {
  return canonicalJson(key.map(partOf));
}

/** Reads what {@link rowText} has written; null for any other text. */
export function parseRow(text: string): RowKey | null {
  try {
    const parts: unknown = JSON.parse(text);
    if (!Array.isArray(parts) || parts.length === 0) return null;
    const key = parts.map(cellOf);
    return key.every((cell) => cell !== undefined) ? key : null;
  } catch {
    return null;
  }
}

function partOf(cell: Cell): JsonPart {
  if (cell === null) throw new Error('a key has no null');
  if (typeof cell === 'string') return cell;
  if (typeof cell !== 'bigint') return { bytes: Buffer.from(cell).toString('base64') };
  const number = Number(cell);
  return Number.isSafeInteger(number) ? number : { integer: String(cell) };
}

function cellOf(part: unknown): Cell | undefined {
  if (typeof part === 'string') return part;
  if (typeof part === 'number') return Number.isSafeInteger(part) ? BigInt(part) : undefined;
  const { integer, bytes } = Object(part) as Record<string, unknown>;
  if (typeof integer === 'string' && /^-?\d{1,40}$/.test(integer)) return BigInt(integer);
  return typeof bytes === 'string' ? Buffer.from(bytes, 'base64') : undefined;
}

/** Returns a key for people: `42`, or `a, 7`. */
export function shownRow(key: RowKey): string {
  return key.map((cell) => (typeof cell === 'string' ? cell : plainPart(cell))).join(', ');
}

/** Returns a part of a key as text; bytes in hex. */
export function plainPart(cell: Cell): string {
  return cell instanceof Uint8Array ? Buffer.from(cell).toString('hex') : String(cell);
}
