/**
 * Cells with a BLOCKER or a WARNING, with the ids of these findings, for lookup by row: sorted by
 * row, in blocks of an unlinked file. Memory: 16 bytes a block of about 150 cells, and four bits a
 * record, which exclude most rows without a finding.
 *
 * A cell is, in little endian: row (i64), number of its field (u16, highest bit set for a BLOCKER),
 * id (16 ASCII characters).
 */

import { closeSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';

import type { Entry } from '../extsort/mergeRuns.ts';
import { appendUnlinked, openUnlinked, type UnlinkedFile } from '../disk/unlinkedFile.ts';
import { SEVERITIES } from '../outcome/finding.ts';
import { readFully } from '../extsort/spill.ts';
import { ID_LENGTH } from './findingId.ts';
import type { FindingStore } from './findingStore.ts';
import { endOfText, HAS_ROW, KIND_BYTES, readRow, readText, ROW_BYTES } from './sortKey.ts';

export interface FailedRow {
  /** Fields with a BLOCKER. */
  readonly fields: ReadonlySet<string>;
  /**
   * Returns the id of the field's BLOCKER, else of its WARNING, which may be a cause as well; for a
   * field of null, of the row's first BLOCKER.
   */
  findingOf(field: string | null): string | undefined;
}

export interface FailedCells {
  /** Returns the BLOCKERs and WARNINGs on the cells of a row; null if there are none. */
  of(module: string, table: string, row: bigint): FailedRow | null;
  close(): void;
}

/** Reads the store once; `recordsOf` returns the number of a module's records. */
export async function failedCells(
  store: FindingStore,
  folder: string,
  recordsOf: (module: string) => number,
): Promise<FailedCells> {
  const writer = cellWriter(folder, recordsOf);
  let added = 0;
  for (const entry of store.entries()) {
    writer.add(entry);
    added += 1;
    // Lets signals such as Ctrl-C be handled.
    if (added % PAUSE_AFTER === 0) await setImmediate();
  }
  return lookupIn(writer.finish());
}

/** Entries between two pauses. */
const PAUSE_AFTER = 16_384;
const CELL = ROW_BYTES + 2 + ID_LENGTH;
const BLOCK_CELLS = 150;
const FAILED = 2 ** 15;
const MAX_FIELDS = FAILED;

interface Section {
  /** First row and offset in the file of each block. */
  readonly firstRows: bigint[];
  readonly offsets: number[];
  /** End of the last block. */
  end: number;
  readonly fields: string[];
  readonly bits: Uint8Array;
}

interface Written {
  readonly sections: ReadonlyMap<string, Section>;
  readonly file: UnlinkedFile | null;
}

interface CellWriter {
  add(entry: Entry): void;
  finish(): Written;
}

function cellWriter(folder: string, recordsOf: (module: string) => number): CellWriter {
  const sections = new Map<string, Section>();
  let file: UnlinkedFile | null = null;
  let section: Section | null = null;
  let prefix: Buffer = Buffer.alloc(0);
  let block = Buffer.allocUnsafeSlow(2 * BLOCK_CELLS * CELL);
  let [cells, lastRow] = [0, 0n];
  const numbers = new Map<string, number>();
  const flush = (): void => {
    if (section === null || cells === 0) return;
    file ??= openUnlinked(folder);
    const bytes = block.subarray(0, cells * CELL);
    section.firstRows.push(block.readBigInt64LE(0));
    section.offsets.push(appendUnlinked(file, bytes));
    section.end = (section.offsets.at(-1) ?? 0) + bytes.length;
    cells = 0;
  };
  const open = ({ buffer, key }: Entry): void => {
    flush();
    const moduleEnd = endOfText(buffer, key);
    const tableEnd = endOfText(buffer, moduleEnd + 2);
    prefix = Buffer.from(buffer.subarray(key, tableEnd + 2));
    const module = readText(buffer, key, moduleEnd);
    const name = sectionName(module, readText(buffer, moduleEnd + 2, tableEnd));
    section = newSection(recordsOf(module));
    sections.set(name, section);
    numbers.clear();
  };
  const put = (current: Section, row: bigint, field: number, entry: Entry): void => {
    if (cells >= BLOCK_CELLS && row !== lastRow) flush();
    if ((cells + 1) * CELL > block.length) block = Buffer.concat([block, block]);
    const at = cells * CELL;
    block.writeBigInt64LE(row, at);
    block.writeUInt16LE(field, at + ROW_BYTES);
    const id = entry.keyEnd - KIND_BYTES - 2 - ID_LENGTH;
    entry.buffer.copy(block, at + ROW_BYTES + 2, id, id + ID_LENGTH);
    setBit(current.bits, row);
    [cells, lastRow] = [cells + 1, row];
  };
  return {
    add(entry) {
      const { buffer, key, keyEnd } = entry;
      const kind = buffer[keyEnd - 1] ?? 0;
      const severity = SEVERITIES[kind & ~HAS_ROW];
      if ((kind & HAS_ROW) === 0 || severity === 'INFO') return;
      const rowAt = Math.min(key + prefix.length, keyEnd);
      if (section === null || buffer.compare(prefix, 0, prefix.length, key, rowAt) !== 0) {
        open(entry);
      }
      if (section === null) return;
      const fieldAt = key + prefix.length + ROW_BYTES;
      const name = buffer.toString('latin1', fieldAt, endOfText(buffer, fieldAt));
      let number = numbers.get(name);
      if (number === undefined) {
        number = section.fields.length;
        if (number === MAX_FIELDS) throw new RangeError('a module with too many fields');
        section.fields.push(readText(buffer, fieldAt, endOfText(buffer, fieldAt)));
        numbers.set(name, number);
      }
      const cell = severity === 'BLOCKER' ? number + FAILED : number;
      put(section, readRow(buffer, fieldAt - ROW_BYTES), cell, entry);
    },
    finish() {
      flush();
      return { sections, file };
    },
  };
}

function sectionName(module: string, table: string): string {
  return JSON.stringify([module, table]);
}

/** Creates a section with four bits for each record; consecutive rows get a bit each. */
function newSection(records: number): Section {
  const bits = new Uint8Array(Math.floor(records / 2) + 1);
  return { firstRows: [], offsets: [], end: 0, fields: [], bits };
}

function bitOf(bits: Uint8Array, row: bigint): number {
  return Math.abs(Number(row)) % (bits.length * 8);
}

function setBit(bits: Uint8Array, row: bigint): void {
  const bit = bitOf(bits, row);
  bits[bit >> 3] = (bits[bit >> 3] ?? 0) | (1 << (bit & 7));
}

function hasBit(bits: Uint8Array, row: bigint): boolean {
  const bit = bitOf(bits, row);
  return ((bits[bit >> 3] ?? 0) & (1 << (bit & 7))) !== 0;
}

function lookupIn({ sections, file }: Written): FailedCells {
  let last: { section: Section; block: number; bytes: Buffer } | null = null;
  const readBlock = (section: Section, index: number): Buffer => {
    if (last?.section === section && last.block === index) return last.bytes;
    const begin = section.offsets[index] ?? 0;
    const bytes = Buffer.allocUnsafe((section.offsets[index + 1] ?? section.end) - begin);
    if (file !== null) readFully(file.file, bytes, begin);
    last = { section, block: index, bytes };
    return bytes;
  };
  return {
    of(module, table, row) {
      const section = sections.get(sectionName(module, table));
      if (section === undefined || !hasBit(section.bits, row)) return null;
      const index = lastAtMost(
        section.firstRows.length,
        (at) => (section.firstRows[at] ?? 0n) <= row,
      );
      return index < 0 ? null : failedRow(section, readBlock(section, index), row);
    },
    close() {
      if (file !== null) closeSync(file.file);
    },
  };
}

/** Finds the last of `count` indexes that `holds` accepts, which accepts all before it; else -1. */
function lastAtMost(count: number, holds: (at: number) => boolean): number {
  let [low, high] = [0, count];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (holds(middle)) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

function failedRow(section: Section, block: Buffer, row: bigint): FailedRow | null {
  const rowAt = (cell: number): bigint => block.readBigInt64LE(cell * CELL);
  const cells = block.length / CELL;
  const failed = new Map<string, string>();
  const warned = new Map<string, string>();
  let first: string | undefined;
  for (
    let cell = lastAtMost(cells, (at) => rowAt(at) < row) + 1;
    cell < cells && rowAt(cell) === row;
    cell += 1
  ) {
    const at = cell * CELL + ROW_BYTES;
    const id = block.toString('latin1', at + 2, at + 2 + ID_LENGTH);
    const number = block.readUInt16LE(at);
    const field = section.fields[number % FAILED] ?? '';
    if (number >= FAILED) first ??= id;
    (number >= FAILED ? failed : warned).set(field, id);
  }
  if (failed.size + warned.size === 0) return null;
  return {
    fields: new Set(failed.keys()),
    findingOf: (field) => (field === null ? first : (failed.get(field) ?? warned.get(field))),
  };
}
