/** Writes and reads entries of a spill, in the layout of extsort/spill.ts. */

import { ENTRY_HEADER } from '../../extsort/spill.ts';
import type { KeyEncoding, KeyValue } from '../../record/keyOrder.ts';
import type { Locator } from '../calls.ts';

const LF = 0x0a;
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

/** The parts of an entry. */
export interface EntryParts {
  readonly key: readonly KeyValue[];
  readonly record: string;
  /** '' for none. */
  readonly lineage: string;
  /** JSON of the row's diagnoses; '' for none. */
  readonly diagnoses: string;
}

/** Upper bound of the size of an entry in bytes. */
export function entryCapacity({ key, record, lineage, diagnoses }: EntryParts): number {
  let bytes = ENTRY_HEADER + textBytes(record) + 1 + textBytes(lineage) + 1 + textBytes(diagnoses);
  for (const part of key) bytes += typeof part === 'string' ? part.length * 6 + 2 : 16;
  return bytes;
}

/** Upper bound of UTF-8 bytes: quick for short texts, exact for large ones to save memory. */
function textBytes(text: string): number {
  return text.length < 65_536 ? text.length * 3 : Buffer.byteLength(text);
}

/** Writes an entry at `start`; returns its size in bytes. */
export function writeEntry(
  buffer: Buffer,
  start: number,
  encodings: readonly KeyEncoding[],
  entry: EntryParts & { readonly locator: Locator },
): number {
  let at = start + ENTRY_HEADER;
  for (const [index, encoding] of encodings.entries()) {
    at = encoding.write(entry.key[index] ?? '', buffer, at);
  }
  const keyEnd = at;
  at += buffer.write(entry.record, at);
  buffer[at] = LF;
  const recordEnd = at + 1;
  at = recordEnd;
  if (entry.lineage !== '') {
    at += buffer.write(entry.lineage, at);
    buffer[at] = LF;
    at += 1;
  }
  const lineageEnd = at;
  if (entry.diagnoses !== '') at += buffer.write(entry.diagnoses, at);
  writeHeader(buffer, start, { start, keyEnd, recordEnd, lineageEnd, end: at }, entry.locator);
  return at - start;
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

/** Whether numbers of this key fit the order encoding (127 bytes of magnitude). */
export function keyFits(key: readonly KeyValue[], types: readonly { kind: string }[]): boolean {
  return key.every(
    (part, index) =>
      typeof part !== 'string' ||
      part.length < 300 ||
      !['bigint', 'decimal'].includes(types[index]?.kind ?? ''),
  );
}
