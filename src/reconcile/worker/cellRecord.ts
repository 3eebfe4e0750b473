/**
 * Writes canonical records straight from the bytes of cells, for rows of a target whose fields are its
 * columns. Values of common forms are copied or escaped; a row with any other one is left to the row
 * mapper, which is authoritative: what is written here is, byte for byte, what the mapper makes.
 */

import { isAscii, isUtf8 } from 'node:buffer';

import type { CompiledModule } from '../../mapping/compile/module.ts';
import { CELL, type CellPage } from '../../source/cellPage.ts';
import { cellForm, writeNull } from './cellForms.ts';
import type { WriteCell } from './copiedBytes.ts';
import { keyForm, type WriteKeyPart } from './keyForms.ts';

export interface CellRecords {
  /** Memory of the record; byte 0 is left free for the prefix of its leaf. */
  readonly buffer: Buffer;
  /** Begins a page. */
  begin(page: CellPage): void;
  /** Writes the record of a row from byte 1 of `buffer`; returns its end, or -1 if it has to be mapped. */
  write(row: number): number;
  /** Upper bound of the bytes of the row's key. */
  keyCapacity(row: number): number;
  /** Writes the encoded key of a row at `at`; returns its end, or -1 if the row has to be mapped. */
  writeKey(row: number, target: Buffer, at: number): number;
}

interface Field {
  /** `{"name":` or `,"name":` */
  readonly open: Buffer;
  readonly column: number;
  readonly write: WriteCell;
}

const INITIAL = 64 * 1024;
/** Bytes that one byte of a cell takes at most, escaped; those of a blob's reference. */
const [EXPANSION, CONSTANT] = [6, 128];
const CLOSE = 0x7d;

/** Makes the writer of a module's records; null if its records need the mapper. */
export function cellRecords(module: CompiledModule): CellRecords | null {
  if (module.idField !== null || module.mapping.blind !== undefined) return null;
  const fields = fieldsOf(module);
  const keys = keysOf(module);
  if (fields === null || keys === null) return null;
  const fixed = fields.reduce((sum, { open }) => sum + open.length + CONSTANT, 2);
  let buffer = Buffer.allocUnsafeSlow(INITIAL);
  let page: CellPage | null = null;
  let isText = false;
  return {
    get buffer() {
      return buffer;
    },
    begin(next) {
      page = next;
      isText = hasTexts(next);
    },
    write(row) {
      if (page === null) return -1;
      const most = fixed + rowBytes(page, row) * EXPANSION;
      if (buffer.length < most) buffer = Buffer.allocUnsafeSlow(most);
      const { bytes, ends, kinds, columns } = page;
      let at = 1;
      for (const { open, column, write } of fields) {
        for (let index = 0; index < open.length; index += 1) buffer[at + index] = open[index] ?? 0;
        const cell = row * columns + column;
        const start = cell === 0 ? 0 : (ends[cell - 1] ?? 0);
        const [kind, end] = [kinds[cell] ?? 0, ends[cell] ?? 0];
        if (!isText && kind === CELL.text && !isUtf8(bytes.subarray(start, end))) return -1;
        at += open.length;
        at =
          kind === CELL.null ? writeNull(buffer, at) : write(kind, bytes, start, end, buffer, at);
        if (at < 0) return -1;
      }
      buffer[at] = CLOSE;
      return at + 1;
    },
    keyCapacity: (row) => (page === null ? 0 : rowBytes(page, row) * 2 + keys.length * 160),
    writeKey(row, target, from) {
      if (page === null) return -1;
      const { bytes, ends, kinds, columns } = page;
      let at = from;
      for (const { column, write } of keys) {
        const cell = row * columns + column;
        const start = cell === 0 ? 0 : (ends[cell - 1] ?? 0);
        at = write(kinds[cell] ?? 0, bytes, start, ends[cell] ?? 0, target, at);
        if (at < 0) return -1;
      }
      return at;
    },
  };
}

function fieldsOf({ fields, columns }: CompiledModule): Field[] | null {
  const found: Field[] = [];
  for (const [index, { name, mapping, type }] of fields.entries()) {
    if (!('column' in mapping)) return null;
    // The form of JSON leaves the text of a null to the mapper, and nothing else is transformed there.
    if (mapping.transforms !== undefined && type.kind !== 'json') return null;
    const open = Buffer.from(`${index === 0 ? '{' : ','}${JSON.stringify(name)}:`);
    found.push({ open, column: columns.indexOf(mapping.column), write: cellForm(type) });
  }
  return found.length === 0 ? null : found;
}

function keysOf({
  key,
  columns,
}: CompiledModule): { column: number; write: WriteKeyPart }[] | null {
  const found: { column: number; write: WriteKeyPart }[] = [];
  for (const { column, type, transforms } of key) {
    const write = transforms === undefined ? keyForm(type) : null;
    if (write === null) return null;
    found.push({ column: columns.indexOf(column), write });
  }
  return found;
}

/** Whether all bytes of a page are UTF-8, and no cell ends within a character, so that all texts are. */
function hasTexts({ bytes, ends }: CellPage): boolean {
  if (isAscii(bytes)) return true;
  if (!isUtf8(bytes)) return false;
  return !ends.some((end) => ((bytes[end] ?? 0) & 0xc0) === 0x80);
}

/** Bytes of the cells of a row. */
function rowBytes({ ends, columns }: CellPage, row: number): number {
  const first = row * columns;
  return (ends[first + columns - 1] ?? 0) - (first === 0 ? 0 : (ends[first - 1] ?? 0));
}
