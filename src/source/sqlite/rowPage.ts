/** Pages of rows: how large they get, and what reading one needs. */

import type { Access, Connection } from './connection.ts';
import type { Cell, Encoding } from './exact.ts';

export const PAGE_ROWS = 256;
/** A page ends when its text and bytes reach this, so that blobs do not fill the memory. */
export const PAGE_BYTES: number = 8 * 2 ** 20;
export const CELL_BYTES = 8;

export interface Context {
  readonly db: Connection;
  readonly access: Access;
  readonly encoding: Encoding;
}

/** About how much memory a row takes. */
export function weight(cells: readonly Cell[]): number {
  let bytes = cells.length * CELL_BYTES;
  for (const cell of cells) {
    if (typeof cell === 'string' || cell instanceof Uint8Array) bytes += cell.length;
  }
  return bytes;
}
