/** The rows that are still on disk, one after the other, for those who move them. */

import type { RowFilter, RowKey } from '../database/database.ts';
import type { AttachmentTable } from '../mapping/attachmentsFile.ts';
import type { OpenTable } from '../project/openAttachments.ts';
import type { AttachmentRow } from './moveFile.ts';

/** Rows with a path and no key: what is left to move. */
export function leftOnDisk({ path, key }: AttachmentTable): RowFilter {
  return { notNull: [path], isNull: [key] };
}

/** Makes a row of the cells of a declared table's columns, in the order of `columnsOf`. */
export function attachmentRow(
  { size, contentType, sha256 }: AttachmentTable,
  id: RowKey,
  cells: AttachmentRow['id'],
): AttachmentRow {
  const [path = null, , ...others] = cells;
  const next = (name: string | null): AttachmentRow['path'] =>
    name === null ? null : (others.shift() ?? null);
  return { id, path, size: next(size), contentType: next(contentType), sha256: next(sha256) };
}

/** A row to move, with its table. */
export interface Pulled {
  readonly table: OpenTable;
  readonly row: AttachmentRow;
}

const PAGE = 1000;

/** Reads the rows that are left, page by page; the next page is read while one is worked on. */
export async function* rowsLeft(tables: readonly OpenTable[]): AsyncGenerator<Pulled> {
  for (const table of tables) {
    const { declared, rows } = table;
    const filter = leftOnDisk(declared);
    let next = rows.page(null, PAGE, filter);
    for (;;) {
      const page = await next;
      const last = page.at(-1);
      if (last === undefined) break;
      next = rows.page(last.key, PAGE, filter);
      // A failure of the page is told when it is needed.
      next.catch(() => {});
      for (const { key, cells } of page) {
        yield { table, row: attachmentRow(declared, key, cells) };
      }
    }
  }
}

/** Counts the rows that are left. */
export async function countLeft(tables: readonly OpenTable[]): Promise<number> {
  let left = 0;
  for (const { declared, rows } of tables) left += await rows.count(leftOnDisk(declared));
  return left;
}

/**
 * Counts the rows that have a path and a key without characters: neither on disk nor in the store, so that
 * no run would see them.
 */
export async function countEmptyKeys(tables: readonly OpenTable[]): Promise<number> {
  let empty = 0;
  for (const { declared, rows } of tables) {
    const { path, key } = declared;
    empty += await rows.count({ notNull: [path], isNull: [], isEmpty: [key] });
  }
  return empty;
}
