/** Reads and writes the header of an entry of a spill, in the layout of spill.ts. */

import { ENTRY_HEADER } from './spill.ts';

/** Locates a row in its source: its rowid or ordinal, as a string beyond the safe integers. */
export type Locator = number | string;

const WORD = 2 ** 32;

/** Offsets of the parts of one entry in a buffer. */
export interface EntryView {
  start: number;
  keyEnd: number;
  recordEnd: number;
  lineageEnd: number;
  end: number;
}

/** Makes a view to read entries into. */
export function emptyView(): EntryView {
  return { start: 0, keyEnd: 0, recordEnd: 0, lineageEnd: 0, end: 0 };
}

/** Writes the lengths and the locator of an entry whose parts are in place. */
export function writeHeader(buffer: Buffer, at: number, view: EntryView, locator: Locator): void {
  buffer.writeUInt32LE(view.keyEnd - view.start - ENTRY_HEADER, at);
  buffer.writeUInt32LE(view.recordEnd - view.keyEnd, at + 4);
  buffer.writeUInt32LE(view.lineageEnd - view.recordEnd, at + 8);
  buffer.writeUInt32LE(view.end - view.lineageEnd, at + 20);
  if (typeof locator === 'number') {
    const high = Math.floor(locator / WORD);
    buffer.writeInt32LE(high, at + 12);
    buffer.writeUInt32LE(locator - high * WORD, at + 16);
  } else {
    const bits = BigInt.asUintN(64, BigInt(locator));
    buffer.writeUInt32LE(Number(bits >> 32n), at + 12);
    buffer.writeUInt32LE(Number(bits & 0xffffffffn), at + 16);
  }
}

/** Reads the lengths of the entry at `start` into `view`. */
export function readEntry(buffer: Buffer, start: number, view: EntryView): void {
  view.start = start;
  view.keyEnd = start + ENTRY_HEADER + buffer.readUInt32LE(start);
  view.recordEnd = view.keyEnd + buffer.readUInt32LE(start + 4);
  view.lineageEnd = view.recordEnd + buffer.readUInt32LE(start + 8);
  view.end = view.lineageEnd + buffer.readUInt32LE(start + 20);
}

/** Reads the locator of the entry at `start`. */
export function locatorOf(buffer: Buffer, start: number): Locator {
  const locator = buffer.readInt32LE(start + 12) * WORD + buffer.readUInt32LE(start + 16);
  if (Number.isSafeInteger(locator)) return locator;
  const bits =
    (BigInt(buffer.readInt32LE(start + 12)) << 32n) | BigInt(buffer.readUInt32LE(start + 16));
  return String(bits);
}
