/**
 * External sort of texts by byte keys: texts are collected up to a budget, sorted, and appended to
 * an unlinked file as a run. `mergeRuns.ts` merges the runs.
 *
 * An entry is [key length, value length] as u32 little endian, key, value. A value that is longer
 * than LONG_VALUE is stored out of line, so that entries stay small: bit 31 of its length is set,
 * and the entry holds its offset in the file and its length (two doubles) instead.
 */

import { appendUnlinked, type UnlinkedFile } from '../disk/unlinkedFile.ts';

export const ENTRY_HEAD = 8;
export const OUT_OF_LINE = 0x8000_0000;
const LONG_VALUE = 64 * 1024;
const FIRST_CAPACITY = 64 * 1024;

/** Sorted entries, one after the other. */
export interface Run {
  /** The run in memory; null if it is in the file. */
  readonly bytes: Uint8Array | null;
  /** Offset in the file, if it is there. */
  readonly offset: number;
  readonly length: number;
  /** The least and the greatest key. */
  readonly first: Uint8Array;
  readonly last: Uint8Array;
}

export interface RunWriter {
  /** Adds an entry with the first `keyLength` bytes of `key`, which are copied. */
  add(key: Buffer, keyLength: number, value: string): void;
  /** Writes the entries in memory as a run. */
  flush(): void;
  /** The runs in the file so far. */
  readonly runs: readonly Run[];
  /** Returns the entries in memory as a run, without writing it; null if there are none. */
  tail(): Run | null;
}

/** Makes a writer that buffers up to `budget` bytes, twice that while it sorts. */
export function runWriter(file: () => UnlinkedFile, budget: number): RunWriter {
  const runs: Run[] = [];
  let buffer = Buffer.allocUnsafeSlow(Math.min(FIRST_CAPACITY, budget));
  let used = 0;
  let entries: number[] = [];
  const flush = (): void => {
    const run = sortedRun(buffer, entries, used);
    if (run === null || run.bytes === null) return;
    const offset = appendUnlinked(file(), run.bytes);
    runs.push({ ...run, bytes: null, offset });
    [used, entries] = [0, []];
  };
  const reserve = (size: number): void => {
    if (used + size <= buffer.length) return;
    if (used > 0 && used + size > budget) flush();
    if (used + size <= buffer.length) return;
    const larger = Buffer.allocUnsafeSlow(
      Math.max(used + size, Math.min(budget, buffer.length * 2)),
    );
    buffer.copy(larger, 0, 0, used);
    buffer = larger;
  };
  const begin = (key: Buffer, keyLength: number, valueCapacity: number): number => {
    reserve(ENTRY_HEAD + keyLength + valueCapacity);
    entries.push(used);
    buffer.writeUInt32LE(keyLength, used);
    key.copy(buffer, used + ENTRY_HEAD, 0, keyLength);
    return used + ENTRY_HEAD + keyLength;
  };
  return {
    runs,
    flush,
    tail: () => sortedRun(buffer, entries, used),
    add(key, keyLength, value) {
      // UTF-8 takes at most three bytes for a UTF-16 unit.
      const bound = value.length * 3;
      const bytes = bound > LONG_VALUE ? Buffer.from(value) : null;
      if (bytes !== null && bytes.length > LONG_VALUE) {
        const offset = appendUnlinked(file(), bytes);
        const at = begin(key, keyLength, 16);
        buffer.writeUInt32LE((OUT_OF_LINE | 16) >>> 0, used + 4);
        buffer.writeDoubleLE(offset, at);
        buffer.writeDoubleLE(bytes.length, at + 8);
        used = at + 16;
        return;
      }
      const at = begin(key, keyLength, bytes === null ? bound : bytes.length);
      const size = buffer.write(value, at);
      buffer.writeUInt32LE(size, used + 4);
      used = at + size;
    },
  };
}

/** Copies the entries of `buffer` into a buffer of their own, in order. */
function sortedRun(buffer: Buffer, entries: readonly number[], used: number): Run | null {
  if (entries.length === 0) return null;
  const order = entries.toSorted((a, b) =>
    buffer.compare(
      buffer,
      b + ENTRY_HEAD,
      endOfKey(buffer, b),
      a + ENTRY_HEAD,
      endOfKey(buffer, a),
    ),
  );
  const bytes = Buffer.allocUnsafeSlow(used);
  let at = 0;
  for (const entry of order) {
    const valueLength = (buffer.readUInt32LE(entry + 4) & ~OUT_OF_LINE) >>> 0;
    at += buffer.copy(bytes, at, entry, endOfKey(buffer, entry) + valueLength);
  }
  return {
    bytes,
    offset: 0,
    length: used,
    first: keyOf(buffer, order[0] ?? 0),
    last: keyOf(buffer, order.at(-1) ?? 0),
  };
}

function endOfKey(buffer: Buffer, entry: number): number {
  return entry + ENTRY_HEAD + buffer.readUInt32LE(entry);
}

function keyOf(buffer: Buffer, entry: number): Uint8Array {
  return Uint8Array.from(buffer.subarray(entry + ENTRY_HEAD, endOfKey(buffer, entry)));
}
