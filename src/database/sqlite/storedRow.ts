/**
 * Cells as SQLite stores them. Its columns hold any type, so a cell is what is stored, not what is
 * declared. A REAL is read as text and a text that is not valid in its encoding as bytes: both expect
 * nothing that is stored, so that a change of such a cell is never done.
 */

import { quote } from '../../sql/quote.ts';
import type { Cell, Row } from '../database.ts';
import { nullKey, refused } from '../refusals.ts';
import type { OpenFile } from './file.ts';

/** What the driver returns, with whole numbers as bigint. */
export type Stored = null | bigint | number | string | Buffer;

/** What the decoder writes for bytes that are no text. */
const REPLACEMENT = '\u{fffd}';

export interface RowForm {
  readonly file: OpenFile;
  /** For messages. */
  readonly label: string;
  /** The table as an identifier. */
  readonly from: string;
  readonly key: readonly string[];
  readonly columns: readonly string[];
}

/** What stands after SELECT: cells of the key, then of the columns. */
export function selectList({ key, columns }: Pick<RowForm, 'key' | 'columns'>): string {
  return [...key, ...columns].map(quote).join(', ');
}

/** Makes a row of what was read. @throws Failure TARGET for a key that no statement can name */
export function rowOf(stored: readonly Stored[], form: RowForm): Row {
  const { key, label } = form;
  const keyCells = stored.slice(0, key.length).map((cell): Cell => {
    if (cell === null) throw nullKey(label, key);
    if (typeof cell !== 'number' && !isDamaged(cell, form)) return cell;
    const kind = typeof cell === 'number' ? 'a REAL' : 'a text that is not valid UTF-8';
    throw refused(`the key of a row is ${kind}`, label, 'correct it, or name another key');
  });
  return { key: keyCells, cells: cellsOf(stored.slice(key.length), form, keyCells) };
}

/** Makes the cells of the columns of a row that this key names. */
export function cellsOf(
  stored: readonly Stored[],
  form: RowForm,
  key: readonly Cell[],
): readonly Cell[] {
  return stored.map((cell, at): Cell => {
    if (typeof cell === 'number') return String(cell);
    if (typeof cell !== 'string' || !cell.includes(REPLACEMENT) || key.length === 0) return cell;
    const bytes = bytesAt(form, form.columns[at] ?? '', key);
    return bytes === null || bytes.equals(form.file.encode(cell)) ? cell : bytes;
  });
}

/** Whether a text of a key may have lost bytes; a row is then found by it, or not. */
function isDamaged(cell: Stored, form: RowForm): boolean {
  if (typeof cell !== 'string' || !cell.includes(REPLACEMENT)) return false;
  const columns = form.key.map((name) => `CAST(${quote(name)} AS BLOB)`).join(', ');
  const same = form.key.map((name) => `CAST(${quote(name)} AS BLOB) = ?`).join(' OR ');
  const bytes = form.file.encode(cell);
  return (
    form.file.db
      .prepare(`SELECT ${columns} FROM ${form.from} WHERE ${same} LIMIT 1`)
      .get(...form.key.map(() => bytes)) === undefined
  );
}

function bytesAt(
  { file, from, key }: RowForm,
  column: string,
  cells: readonly Cell[],
): Buffer | null {
  const found = file.db
    .prepare<Cell[], Buffer | null>(
      `SELECT CAST(${quote(column)} AS BLOB) FROM ${from} WHERE ${sameKey(key)}`,
    )
    .pluck()
    .get(...twice(cells));
  return found ?? null;
}

/** SQL that is true for the row of a key: by its index, then by type and bytes. */
export function sameKey(key: readonly string[]): string {
  return key.map((name) => `${quote(name)} = ? AND ${isExactly(name)}`).join(' AND ');
}

/** Parameters of {@link sameKey}. */
export function twice(cells: readonly Cell[]): Cell[] {
  return cells.flatMap((cell) => [cell, cell, typeOf(cell)]);
}

/** SQL that is true for a cell of these bytes and this type; parameters: the cell, and {@link typeOf} it. */
export function isExactly(column: string): string {
  return `(${quote(column)} IS ? COLLATE BINARY AND typeof(${quote(column)}) = ?)`;
}

export function typeOf(cell: Cell): string {
  if (cell === null) return 'null';
  if (typeof cell === 'bigint') return 'integer';
  return typeof cell === 'string' ? 'text' : 'blob';
}
