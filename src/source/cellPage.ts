/**
 * Pages of rows as bytes, the alternative to values. A source with a text protocol (PostgreSQL's
 * COPY, JSON made by a database) passes on the bytes that it received, and a cell is converted to a
 * value only when one is needed. Survives structured clone.
 */

import { isAscii, isUtf8 } from 'node:buffer';

import { decodeUtf8, parseJson } from '../record/jsonText.ts';
import type { JsonValue } from '../record/value.ts';
import { InexactNumber, InvalidText, JsonNode, type SourceValue } from '../record/value.ts';
import type { Row } from './source.ts';

/**
 * Content of a cell's bytes:
 * - `null`: none, and the cell is null;
 * - `text`: UTF-8, or invalid bytes as the source holds them;
 * - `integer`: decimal digits of any length, after `-` if negative;
 * - `double`: digits that denote exactly one double, `NaN`, `Infinity` or `-Infinity`;
 * - `true`, `false`: none;
 * - `bytes`: the value itself;
 * - `json`: a JSON text (RFC 8259).
 */
export const CELL = {
  null: 0,
  text: 1,
  integer: 2,
  double: 3,
  true: 4,
  false: 5,
  bytes: 6,
  json: 7,
} as const;

/** Cells row by row, in the order of the requested columns. */
export interface CellPage {
  readonly rows: number;
  /** Number of cells per row. */
  readonly columns: number;
  /** The bytes of all cells, without separators. */
  readonly bytes: Uint8Array;
  /** End offset of each cell in `bytes`; it begins at the end of the previous cell. */
  readonly ends: Uint32Array;
  /** One of {@link CELL} for each cell. */
  readonly kinds: Uint8Array;
  /** One for each row. */
  readonly locators: BigInt64Array;
}

/**
 * Converts a page to rows of values. `places` are indexes of columns of the page, in the order of
 * the row; all columns if left out. `parse` decides how numbers in JSON are represented.
 */
export function rowsOf(
  page: CellPage,
  places: readonly number[] = Array.from({ length: page.columns }, (_, place) => place),
  parse: (text: string) => JsonValue = parseJson,
): Row[] {
  const bytes = Buffer.from(page.bytes.buffer, page.bytes.byteOffset, page.bytes.length);
  const cells: Cells = { page, bytes, textAt: textsOf(bytes, page.ends), parse };
  const rows: Row[] = [];
  for (let index = 0; index < page.rows; index += 1) {
    const row: Row = [];
    for (const place of places) row.push(valueAt(cells, index * page.columns + place));
    row.push(locatorOf(page.locators[index] ?? 0n));
    rows.push(row);
  }
  return rows;
}

/** Makes the text of bytes; null if they are not UTF-8. */
type TextAt = (start: number, end: number) => string | null;

interface Cells {
  readonly page: CellPage;
  readonly bytes: Buffer;
  readonly textAt: TextAt;
  readonly parse: (text: string) => JsonValue;
}

/** Checks the bytes of a page once, as a check of each cell takes longer than making its text. */
function textsOf(bytes: Buffer, ends: Uint32Array): TextAt {
  if (isAscii(bytes)) return (start, end) => bytes.toString('latin1', start, end);
  if (isUtf8(bytes) && !ends.some((end) => isContinuation(bytes[end]))) {
    return (start, end) => bytes.toString('utf8', start, end);
  }
  return (start, end) => decodeUtf8(bytes.subarray(start, end));
}

/** Whether a character of UTF-8 would be cut before this byte. */
function isContinuation(byte: number | undefined): boolean {
  return byte !== undefined && (byte & 0xc0) === 0x80;
}

function valueAt({ page, bytes, textAt, parse }: Cells, cell: number): SourceValue {
  const start = cell === 0 ? 0 : (page.ends[cell - 1] ?? 0);
  const end = page.ends[cell] ?? 0;
  switch (page.kinds[cell]) {
    case CELL.null:
      return null;
    case CELL.text:
      return textAt(start, end) ?? new InvalidText(Uint8Array.from(bytes.subarray(start, end)));
    case CELL.integer:
      return integerOf(bytes, start, end);
    case CELL.double:
      return Number(bytes.toString('latin1', start, end));
    case CELL.true:
      return true;
    case CELL.false:
      return false;
    case CELL.bytes:
      return Uint8Array.from(bytes.subarray(start, end));
    case CELL.json:
      return cellOfJson(parse(utf8(textAt(start, end))));
    default:
      throw new TypeError(`a cell has the unknown kind ${String(page.kinds[cell])}`);
  }
}

/** Digits that a double holds, whatever they are. */
const SAFE_DIGITS = 15;
const [MINUS, ZERO] = [0x2d, 0x30];

/** Returns a number if a double holds it, else a bigint. */
function integerOf(bytes: Buffer, start: number, end: number): number | bigint {
  const first = bytes[start] === MINUS ? start + 1 : start;
  if (end - first <= SAFE_DIGITS) {
    let value = 0;
    for (let at = first; at < end; at += 1) value = value * 10 + (bytes[at] ?? 0) - ZERO;
    return first === start || value === 0 ? value : -value;
  }
  const digits = bytes.toString('latin1', start, end);
  const value = Number(digits);
  return Number.isSafeInteger(value) ? value : BigInt(digits);
}

/** Makes the cell of a JSON value. */
export function cellOfJson(value: JsonValue): SourceValue {
  const isNode = value instanceof InexactNumber || (typeof value === 'object' && value !== null);
  return isNode ? new JsonNode(value) : value;
}

function utf8(text: string | null): string {
  if (text === null) throw new TypeError('a cell that has to be UTF-8 is not');
  return text;
}

/** Returns a locator, as text beyond 2^53. */
export function locatorOf(locator: bigint): number | string {
  const value = Number(locator);
  return Number.isSafeInteger(value) ? value : String(locator);
}
