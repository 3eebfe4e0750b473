/** Limits of pages of rows, and the context of reading one: each statement that reads rows is noted there. */

import type { Statement } from 'better-sqlite3';
import type { RanStatements } from '../readStatements.ts';
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
  readonly ran: RanStatements;
}

/** Prepares a statement that reads rows, as arrays of cells, and is about to be run. */
export function rowStatement({ db, ran }: Context, sql: string): Statement<unknown[], Cell[]> {
  ran.note(sql);
  return db.prepare<unknown[], Cell[]>(sql).raw();
}

/** Estimates the memory of a row, in bytes. */
export function weight(cells: readonly Cell[]): number {
  let bytes = cells.length * CELL_BYTES;
  for (const cell of cells) {
    if (typeof cell === 'string' || cell instanceof Uint8Array) bytes += cell.length;
  }
  return bytes;
}
