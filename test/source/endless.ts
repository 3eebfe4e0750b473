/** A database that no reader of a whole table comes to the end of. */

import { readFileSync, rmSync, writeFileSync } from 'node:fs';

import Database from 'better-sqlite3';

const PAGE = 1024;
const LEVELS = 15;

/**
 * Writes a table, made by `sql`, that is a tree of 15 levels whose pages have ten children each, all of
 * them the same page: no page leads back to itself, and 10^14 rows would come. `inner` and `leaf` are
 * the types of its pages.
 */
export function writeEndless(file: string, sql: string, inner: number, leaf: number): void {
  rmSync(file, { force: true });
  const db = new Database(file);
  db.pragma(`page_size = ${PAGE}`);
  // The root is page 2; the filler's pages become the others.
  db.exec(`${sql}; CREATE TABLE filler (x)`);
  db.prepare('INSERT INTO filler VALUES (?)').run('x'.repeat(2000 * LEVELS));
  db.close();
  const bytes = readFileSync(file);
  const key = inner === 5 ? [1] : [3, 2, 1, 7];
  for (let level = 0; level < LEVELS - 1; level += 1) {
    const below = Buffer.alloc(4);
    below.writeUInt32BE(level + 11);
    const header = Buffer.concat([Buffer.alloc(8), below]);
    writePage(bytes, numberOf(level), inner, header, Buffer.concat([below, Buffer.from(key)]), 9);
  }
  const cell = Buffer.from(leaf === 13 ? [2, 1, 2, 0] : [3, 2, 1, 7]);
  writePage(bytes, numberOf(LEVELS - 1), leaf, Buffer.alloc(8), cell, 1);
  writeFileSync(file, bytes);
}

function numberOf(level: number): number {
  return level === 0 ? 2 : level + 10;
}

/** A page of `count` equal cells. */
function writePage(
  bytes: Buffer,
  number: number,
  type: number,
  header: Buffer,
  cell: Buffer,
  count: number,
): void {
  const page = bytes.subarray((number - 1) * PAGE, number * PAGE);
  page.fill(0);
  header.copy(page);
  page[0] = type;
  page.writeUInt16BE(count, 3);
  page.writeUInt16BE(PAGE - cell.length * count, 5);
  for (let index = 0; index < count; index += 1) {
    const place = PAGE - cell.length * (index + 1);
    page.writeUInt16BE(place, header.length + 2 * index);
    cell.copy(page, place);
  }
}
