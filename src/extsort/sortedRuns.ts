/**
 * Sorting texts by byte keys when there are too many of them for memory: they are collected up to
 * a budget, sorted, and appended to an unlinked file as a run. `mergeRuns.ts` reads all runs in order.
 *
 * An entry is [key length, value length] as u32 little endian, key, value. A value that is longer
 * than LONG_VALUE stands elsewhere in the file: bit 31 of its length is set, and offset and length
 * (two doubles) stand in its place. So no entry is large, however long its text is.
 */

import { appendUnlinked, type UnlinkedFile } from '../disk/unlinkedFile.ts';

export const ENTRY_HEAD = 8;
export const ELSEWHERE = 0x8000_0000;
const LONG_VALUE = 64 * 1024;
const FIRST_ROOM = 64 * 1024;

/** Sorted entries, one after the other. */
export interface Run {
  /** In memory; null where the run is in the file. */
  readonly bytes: Uint8Array | null;
  /** In the file. */
  readonly offset: number;
  readonly length: number;
  /** The least and the greatest key. */
  readonly first: Uint8Array;
  readonly last: Uint8Array;
}

export interface RunWriter {
  /** Adds an entry; its key is `key` up to `keyLength`, and may be overwritten after that. */
  add(key: Buffer, keyLength: number, value: string): void;
  /** Writes what is still in memory. */
  flush(): void;
  /** The runs in the file so far. */
  readonly runs: readonly Run[];
  /** What is still in memory, as a run; null where there is nothing. Writes nothing. */
  tail(): Run | null;
}

/** A writer that holds up to `budget` bytes, twice while it sorts. The file is opened when needed. */
export function runWriter(file: () => UnlinkedFile, budget: number): RunWriter {
  const runs: Run[] = [];
  let room = Buffer.allocUnsafeSlow(Math.min(FIRST_ROOM, budget));
  let used = 0;
  let entries: number[] = [];
  const flush = (): void => {
    const run = sortedRun(room, entries, used);
    if (run === null || run.bytes === null) return;
    const offset = appendUnlinked(file(), run.bytes);
    runs.push({ ...run, bytes: null, offset });
    [used, entries] = [0, []];
  };
  const reserve = (size: number): void => {
    if (used + size <= room.length) return;
    if (used > 0 && used + size > budget) flush();
    if (used + size <= room.length) return;
    const wider = Buffer.allocUnsafeSlow(Math.max(used + size, Math.min(budget, room.length * 2)));
    room.copy(wider, 0, 0, used);
    room = wider;
  };
  const begin = (key: Buffer, keyLength: number, valueRoom: number): number => {
    reserve(ENTRY_HEAD + keyLength + valueRoom);
    entries.push(used);
    room.writeUInt32LE(keyLength, used);
    key.copy(room, used + ENTRY_HEAD, 0, keyLength);
    return used + ENTRY_HEAD + keyLength;
  };
  return {
    runs,
    flush,
    tail: () => sortedRun(room, entries, used),
    add(key, keyLength, value) {
      // UTF-8 takes at most three bytes for a UTF-16 unit.
      const bound = value.length * 3;
      const bytes = bound > LONG_VALUE ? Buffer.from(value) : null;
      if (bytes !== null && bytes.length > LONG_VALUE) {
        const offset = appendUnlinked(file(), bytes);
        const at = begin(key, keyLength, 16);
        room.writeUInt32LE((ELSEWHERE | 16) >>> 0, used + 4);
        room.writeDoubleLE(offset, at);
        room.writeDoubleLE(bytes.length, at + 8);
        used = at + 16;
        return;
      }
      const at = begin(key, keyLength, bytes === null ? bound : bytes.length);
      const size = room.write(value, at);
      room.writeUInt32LE(size, used + 4);
      used = at + size;
    },
  };
}

/** The entries of `room` in order, in a buffer of their own. */
function sortedRun(room: Buffer, entries: readonly number[], used: number): Run | null {
  if (entries.length === 0) return null;
  const order = entries.toSorted((a, b) =>
    room.compare(room, b + ENTRY_HEAD, endOfKey(room, b), a + ENTRY_HEAD, endOfKey(room, a)),
  );
  const bytes = Buffer.allocUnsafeSlow(used);
  let at = 0;
  for (const entry of order) {
    const valueLength = (room.readUInt32LE(entry + 4) & ~ELSEWHERE) >>> 0;
    at += room.copy(bytes, at, entry, endOfKey(room, entry) + valueLength);
  }
  return {
    bytes,
    offset: 0,
    length: used,
    first: keyOf(room, order[0] ?? 0),
    last: keyOf(room, order.at(-1) ?? 0),
  };
}

function endOfKey(room: Buffer, entry: number): number {
  return entry + ENTRY_HEAD + room.readUInt32LE(entry);
}

function keyOf(room: Buffer, entry: number): Uint8Array {
  return Uint8Array.from(room.subarray(entry + ENTRY_HEAD, endOfKey(room, entry)));
}
