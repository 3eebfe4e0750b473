/**
 * Pages of rows as bytes, the alternative to values. A source with a text protocol (PostgreSQL's
 * COPY, JSON made by a database) passes on the bytes that it received, and a cell is converted to a
 * value only when one is needed. Survives structured clone.
 */

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
  const rows: Row[] = [];
  for (let index = 0; index < page.rows; index += 1) {
    const row: Row = places.map((place) => valueAt(page, index * page.columns + place, parse));
    row.push(locatorOf(page.locators[index] ?? 0n));
    rows.push(row);
  }
  return rows;
}

function valueAt(
  { bytes, ends, kinds }: CellPage,
  cell: number,
  parse: (text: string) => JsonValue,
): SourceValue {
  const held = bytes.subarray(cell === 0 ? 0 : ends[cell - 1], ends[cell]);
  switch (kinds[cell]) {
    case CELL.null:
      return null;
    case CELL.text:
      return decodeUtf8(held) ?? new InvalidText(held.slice());
    case CELL.integer:
      return integerOf(utf8(held));
    case CELL.double:
      return Number(utf8(held));
    case CELL.true:
      return true;
    case CELL.false:
      return false;
    case CELL.bytes:
      return held.slice();
    case CELL.json:
      return cellOfJson(parse(utf8(held)));
    default:
      throw new TypeError(`a cell has the unknown kind ${String(kinds[cell])}`);
  }
}

/** Returns a number if a double holds it, else a bigint. */
function integerOf(digits: string): number | bigint {
  const value = Number(digits);
  return Number.isSafeInteger(value) ? value : BigInt(digits);
}

function cellOfJson(value: JsonValue): SourceValue {
  const isNode = value instanceof InexactNumber || (typeof value === 'object' && value !== null);
  return isNode ? new JsonNode(value) : value;
}

function utf8(bytes: Uint8Array): string {
  const text = decodeUtf8(bytes);
  if (text === null) throw new TypeError('a cell that has to be UTF-8 is not');
  return text;
}

/** Returns a locator, as text beyond 2^53. */
function locatorOf(locator: bigint): number | string {
  const value = Number(locator);
  return Number.isSafeInteger(value) ? value : String(locator);
}
