/** A row of a column with secrets as the crypto core takes it: reference and text. Pure. */

import { isUtf8 } from 'node:buffer';

import type { RowReference } from '../crypto/rowReference.ts';
import type { Cell, Row, RowKey } from '../database/database.ts';
import type { LogicalNames } from '../mapping/keysFile.ts';
import type { OpenColumn } from '../project/openKeys.ts';
import { plainPart } from '../project/rowText.ts';

/** Returns what a value of this row is bound to. */
export function referenceOf({ table, column }: LogicalNames, key: RowKey): RowReference {
  return { table, column, key: key.map(plainPart) };
}

/** Whether a value can be bound to a row: some part of its key is there, and all are Unicode. */
export function isBindable({ key }: RowReference): boolean {
  return key.some((part) => part !== '') && key.every((part) => part.isWellFormed());
}

/** Returns what a value of this row was bound to before; null if nothing has changed. */
export function formerReference({ declared, rows }: OpenColumn, row: Row): RowReference | null {
  const { formerly, id } = declared;
  if (formerly === null) return null;
  if (formerly.id === null) return referenceOf(formerly, row.key);
  const names = rows.columns.slice(id.length).map(({ name }) => name);
  const cells = formerly.id.map(
    (name) =>
      (id.includes(name) ? row.key[id.indexOf(name)] : row.cells[names.indexOf(name)]) ?? '',
  );
  return referenceOf(formerly, cells);
}

/** Returns the value of a row. */
export function valueOf(row: Row): Cell {
  return row.cells[0] ?? null;
}

/** Returns the blind index of a row; null without one. */
export function indexOf({ indexFacts }: OpenColumn, row: Row): Cell {
  return indexFacts === null ? null : (row.cells[1] ?? null);
}

/** Returns a cell as text; undefined for one that is none. */
export function textOf(cell: Cell): string | null | undefined {
  if (cell === null || typeof cell === 'string') return cell;
  if (typeof cell === 'bigint') return undefined;
  const bytes = Buffer.from(cell.buffer, cell.byteOffset, cell.length);
  return isUtf8(bytes) ? bytes.toString('utf8') : undefined;
}

/** Returns a text as a cell of the same type as another. */
export function cellLike(text: string, other: Cell): Cell {
  return other instanceof Uint8Array ? Buffer.from(text) : text;
}
