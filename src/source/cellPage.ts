/**
 * Rows as bytes: the second way in which a page travels, beside values. A source whose protocol is text
 * (COPY of PostgreSQL, JSON made by a database) hands over what it has received, and a cell becomes a
 * value only where something needs one. Survives structured clone.
 */

import { decodeUtf8, parseJson } from '../record/jsonText.ts';
import type { JsonValue } from '../record/value.ts';
import { InexactNumber, InvalidText, JsonNode, type SourceValue } from '../record/value.ts';
import type { Row } from './source.ts';

/**
 * What the bytes of a cell are:
 * - `null`: none, and the cell is null;
 * - `text`: UTF-8, or what the source holds in its place;
 * - `integer`: decimal digits, of any length, with `-` before them where it is negative;
 * - `double`: digits that stand for exactly one double, `NaN`, `Infinity` or `-Infinity`;
 * - `true`, `false`: none;
 * - `bytes`: themselves;
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

/** Cells of some rows, row by row, in the order of the columns that were asked for. */
export interface CellPage {
  readonly rows: number;
  /** Cells a row. */
  readonly columns: number;
  /** The bytes of all cells without anything between them. */
  readonly bytes: Uint8Array;
  /** Where in `bytes` each cell ends; it begins where the one before it ends. */
  readonly ends: Uint32Array;
  /** One of {@link CELL} for each cell. */
  readonly kinds: Uint8Array;
  /** One for each row. */
  readonly locators: BigInt64Array;
}

/**
 * The rows of a page as values. `places` are columns of the page, in the order of the row to be; all of
 * them where left out. Numbers in JSON keep what `parse` keeps of them.
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

/** A number where a double holds it, as of every source. */
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

/** Beyond 2^53 a locator is a text, as of every source. */
function locatorOf(locator: bigint): number | string {
  const value = Number(locator);
  return Number.isSafeInteger(value) ? value : String(locator);
}
