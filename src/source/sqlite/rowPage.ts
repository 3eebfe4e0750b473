/** Limits of pages of rows, and the context of reading one. */

import type { Access, Connection } from './connection.ts';
import type { Cell, Encoding } from './exact.ts';

export const PAGE_ROWS = 256;
/**
 * A page ends when its text and bytes reach this size, in bytes, so that blobs do not fill the
 * memory.
 */
export const PAGE_BYTES: number = 8 * 2 ** 20;
export const CELL_BYTES = 8;

export interface Context {
  readonly db: Connection;
  readonly access: Access;
  readonly encoding: Encoding;
}

/** Estimates the memory of a row, in bytes. */
export function weight(cells: readonly Cell[]): number {
  let bytes = cells.length * CELL_BYTES;
  for (const cell of cells) {
    if (typeof cell === 'string' || cell instanceof Uint8Array) bytes += cell.length;
  }
  return bytes;
}
