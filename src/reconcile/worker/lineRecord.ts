/**
 * Writes canonical records straight from the lines of a server, for rows of a target whose fields are its
 * columns. Values of common forms are copied or escaped as they are read; a row with any other one is left
 * to the row mapper, which is authoritative: what is written here is, byte for byte, what the mapper makes.
 */

import { isUtf8 } from 'node:buffer';

import type { CompiledModule } from '../../mapping/compile/module.ts';
import { CELL } from '../../source/cellPage.ts';
import type { LineForm, LinePage } from '../../source/linePage.ts';
import { cellForm, writeNull } from './cellForms.ts';
import type { WriteCell } from './copiedBytes.ts';
import { keyForm } from './keyForms.ts';
import { writeLineText } from './lineText.ts';

export interface LineRecords {
  /** Columns in the order in which they have to be read. */
  readonly columns: readonly string[];
  /** Memory of the record; byte 0 is left free for the prefix of its leaf. */
  readonly buffer: Buffer;
  /** Begins a page. Returns whether its lines are UTF-8; if not, its rows have to be mapped. */
  begin(page: LinePage): boolean;
  /**
   * Writes the record of the line in bytes [start, end) of the page, from byte 1 of `buffer`; returns its
   * end, or -1 if the row has to be mapped.
   */
  write(start: number, end: number): number;
  /** Offset after the cells of the last line: that of its locator. */
  readonly locatorAt: number;
  /** Upper bound of the bytes of the last line's key. */
  keyCapacity(): number;
  /** Writes the encoded key of the last line at `at`; returns its end, or -1 if it has to be mapped. */
  writeKey(target: Buffer, at: number): number;
}

interface Field {
  /** `{"name":` or `,"name":` */
  readonly open: Buffer;
  readonly isText: boolean;
  readonly write: WriteCell;
}

interface KeyPart {
  /** Index among the columns. */
  readonly column: number;
  readonly write: WriteCell;
}

const INITIAL = 64 * 1024;
/** Bytes that one byte of a cell takes at most, escaped; those of a constant or a digest. */
const [EXPANSION, CONSTANT] = [6, 128];
const [TAB, BACKSLASH, CAPITAL_N, LETTER_T, CLOSE] = [0x09, 0x5c, 0x4e, 0x74, 0x7d];

/** Kinds of cells that are not there as they are: in hexadecimal digits, and in another notation. */
const [HEX, UNKNOWN] = [-2, -1];

/** The kind of a cell by the form of its column. */
const KINDS: Readonly<Record<LineForm, number>> = {
  text: CELL.text,
  integer: CELL.integer,
  double: CELL.double,
  boolean: CELL.true,
  bytes: HEX,
  array: UNKNOWN,
};

/** Makes the writer of a module's records; null if its records need the mapper. */
export function lineRecords(module: CompiledModule): LineRecords | null {
  if (module.idField !== null || module.mapping.blind !== undefined) return null;
  const columns = columnsOf(module);
  const fields = columns === null ? null : module.fields.map(fieldOf);
  const keys = columns === null ? null : keysOf(module, columns);
  if (columns === null || fields === null || keys === null) return null;
  return writer({ columns, fields, keys });
}

interface Plan {
  readonly columns: readonly string[];
  readonly fields: readonly Field[];
  readonly keys: readonly KeyPart[];
}

function writer({ columns, fields, keys }: Plan): LineRecords {
  const fixed = fields.reduce((sum, { open }) => sum + open.length + CONSTANT, 2);
  const starts = new Uint32Array(fields.length);
  const ends = new Uint32Array(fields.length);
  let buffer = Buffer.allocUnsafeSlow(INITIAL);
  let bytes: Buffer = Buffer.alloc(0);
  let kinds: readonly number[] = [];
  let after = 0;
  const read = { end: 0 };
  return {
    columns,
    get buffer() {
      return buffer;
    },
    get locatorAt() {
      return after;
    },
    begin(page) {
      bytes = page.bytes;
      kinds = page.forms.map((form) => KINDS[form]);
      return isUtf8(bytes);
    },
    write(start, end) {
      const most = fixed + (end - start) * EXPANSION;
      if (buffer.length < most) buffer = Buffer.allocUnsafeSlow(most);
      let [from, at, index] = [start, 1, -1];
      for (const { open, isText, write } of fields) {
        index += 1;
        for (let byte = 0; byte < open.length; byte += 1) buffer[at + byte] = open[byte] ?? 0;
        at += open.length;
        starts[index] = from;
        if (isNull(bytes, from, end)) {
          at = writeNull(buffer, at);
          ends[index] = NULL_CELL;
          from += 3;
        } else if (isText && kinds[index] === CELL.text) {
          at = writeLineText(bytes, from, end, { target: buffer, at, read });
          if (at < 0) return -1;
          ends[index] = read.end;
          from = read.end + 1;
        } else {
          const stop = cellEnd(bytes, from, end);
          at = write(kindOf(kinds[index] ?? UNKNOWN, bytes, from), bytes, from, stop, buffer, at);
          if (at < 0) return -1;
          ends[index] = stop;
          from = stop + 1;
        }
      }
      after = from;
      buffer[at] = CLOSE;
      return at + 1;
    },
    keyCapacity: () => keys.reduce((sum, { column }) => sum + capacityOf(column), 0),
    writeKey(target, from) {
      let at = from;
      for (const { column, write } of keys) {
        const [start, end] = [starts[column] ?? 0, ends[column] ?? 0];
        if (end === NULL_CELL || hasEscape(bytes, start, end)) return -1;
        at = write(kindOf(kinds[column] ?? UNKNOWN, bytes, start), bytes, start, end, target, at);
        if (at < 0) return -1;
      }
      return at;
    },
  };

  function capacityOf(column: number): number {
    const end = ends[column] ?? 0;
    return CONSTANT + (end === NULL_CELL ? 0 : 2 * (end - (starts[column] ?? 0)));
  }
}

/** The end of a cell that is null. */
const NULL_CELL = 0xffffffff;

function isNull(bytes: Buffer, start: number, end: number): boolean {
  if (bytes[start] !== BACKSLASH || bytes[start + 1] !== CAPITAL_N) return false;
  return start + 2 === end || bytes[start + 2] === TAB;
}

/** Returns where the cell ends that begins at `start`: at a TAB, which is escaped within one, or the end. */
function cellEnd(bytes: Buffer, start: number, end: number): number {
  let at = start;
  while (at < end && bytes[at] !== TAB) at += 1;
  return at;
}

function hasEscape(bytes: Buffer, start: number, end: number): boolean {
  for (let at = start; at < end; at += 1) if (bytes[at] === BACKSLASH) return true;
  return false;
}

function kindOf(kind: number, bytes: Buffer, start: number): number {
  return kind === CELL.true && bytes[start] !== LETTER_T ? CELL.false : kind;
}

/** Returns the columns in the order of the fields; null if a field is not a column of its own. */
function columnsOf({ fields, columns }: CompiledModule): string[] | null {
  // The form of JSON leaves the text of a null to the mapper, and nothing else is transformed there.
  const found = fields.flatMap(({ mapping, type }) => {
    const isPlain = !('transforms' in mapping) || type.kind === 'json';
    return 'column' in mapping && isPlain ? [mapping.column] : [];
  });
  const isOwn = found.length === fields.length && new Set(found).size === columns.length;
  return isOwn && found.length === columns.length && found.length > 0 ? found : null;
}

function fieldOf({ name, type }: CompiledModule['fields'][number], index: number): Field {
  const open = Buffer.from(`${index === 0 ? '{' : ','}${JSON.stringify(name)}:`);
  return { open, isText: type.kind === 'string', write: plainForm(cellForm(type)) };
}

/** Bytes of the prefix of `bytea`, two backslashes and an x, after which come two digits a byte. */
const HEX_PREFIX = 3;

/** Decodes bytes, and refuses other cells with escapes. */
function plainForm(write: WriteCell): WriteCell {
  return (kind, bytes, start, end, target, at) => {
    if (kind === HEX) {
      const cell = Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start);
      const decoded = Buffer.from(cell.toString('latin1', HEX_PREFIX), 'hex');
      return write(CELL.bytes, decoded, 0, decoded.length, target, at);
    }
    if (kind === UNKNOWN) return -1;
    for (let byte = start; byte < end; byte += 1) if (bytes[byte] === BACKSLASH) return -1;
    return write(kind, bytes, start, end, target, at);
  };
}

function keysOf({ key }: CompiledModule, columns: readonly string[]): KeyPart[] | null {
  const found: KeyPart[] = [];
  for (const { column, type, transforms } of key) {
    const write = transforms === undefined ? keyForm(type) : null;
    if (write === null) return null;
    found.push({ column: columns.indexOf(column), write });
  }
  return found;
}
