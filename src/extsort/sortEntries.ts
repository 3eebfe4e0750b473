/**
 * Sorts the entries of a bucket by key. Works on packed numbers (leading key bits, then the entry's
 * index); keys are compared byte by byte only if those bits are equal.
 */

import { emptyView, readEntry } from './entry.ts';
import { bits48 } from './router.ts';
import { ENTRY_HEADER } from './spill.ts';

/** Offsets of the parts of each entry in the bucket; read once, in order, for cache locality. */
export interface EntryIndex {
  readonly starts: Uint32Array;
  readonly keyEnds: Uint32Array;
  readonly recordEnds: Uint32Array;
  readonly lineageEnds: Uint32Array;
  readonly ends: Uint32Array;
}

export interface EntryOrder {
  /** Entry numbers ordered by key, then diagnoses, then position. */
  readonly order: Uint32Array;
  /** Whether the key at this position of the order equals the one before: 1 or 0. */
  readonly equal: Uint8Array;
}

/** The arrays of one sort, with content of an earlier one. */
interface SortArrays extends EntryIndex, EntryOrder {
  /** Leading key bits and the number of each entry. */
  readonly packed: Float64Array;
}

/** Returns the arrays for this number of entries; `most` are those of the largest bucket that is expected. */
export type TakeArrays = (entries: number, most?: number) => SortArrays;

const WORDS = 6;
const BYTES = Float64Array.BYTES_PER_ELEMENT + WORDS * Uint32Array.BYTES_PER_ELEMENT + 1;
/** Maximum bytes that are kept for the next bucket, and what they are more than those of this one. */
const KEPT = 64 * 2 ** 20;
const SLACK = 1.25;

/** Makes arrays that are used again: each call gives the memory of the last one to other entries. */
export function keptArrays(): TakeArrays {
  let kept = new ArrayBuffer(0);
  return (entries, most = 0) => {
    const bytes = entries * BYTES;
    if (bytes > KEPT) return arraysIn(new ArrayBuffer(bytes), entries);
    if (kept.byteLength < bytes) {
      const capacity = Math.max(most * BYTES, Math.ceil(bytes * SLACK));
      kept = new ArrayBuffer(Math.min(KEPT, capacity));
    }
    return arraysIn(kept, entries);
  };
}

function arraysIn(memory: ArrayBuffer, entries: number): SortArrays {
  const first = entries * Float64Array.BYTES_PER_ELEMENT;
  const words = (at: number): Uint32Array => {
    const begin = first + at * entries * Uint32Array.BYTES_PER_ELEMENT;
    return new Uint32Array(memory, begin, entries);
  };
  return {
    packed: new Float64Array(memory, 0, entries),
    starts: words(0),
    keyEnds: words(1),
    recordEnds: words(2),
    lineageEnds: words(3),
    ends: words(4),
    order: words(5),
    equal: new Uint8Array(memory, first + WORDS * entries * Uint32Array.BYTES_PER_ELEMENT, entries),
  };
}

/** Makes the index of a bucket's entries, in new arrays unless some are given. */
export function indexEntries(
  buffer: Buffer,
  entries: number,
  take: TakeArrays = keptArrays(),
): SortArrays {
  const arrays = take(entries);
  const { starts, keyEnds, recordEnds, lineageEnds, ends } = arrays;
  const view = emptyView();
  for (let entry = 0; entry < entries; entry += 1) {
    readEntry(buffer, view.end, view);
    starts[entry] = view.start;
    keyEnds[entry] = view.keyEnd;
    recordEnds[entry] = view.recordEnd;
    lineageEnds[entry] = view.lineageEnd;
    ends[entry] = view.end;
  }
  if (view.end !== buffer.length) {
    throw new Error('a bucket holds another number of entries than written');
  }
  return arrays;
}

/** Sorts the entries of a bucket by key; the order is in the memory of its index. */
export function sortEntries(buffer: Buffer, index: SortArrays): EntryOrder {
  const { starts, keyEnds, packed, order, equal } = index;
  const entries = starts.length;
  const skip = sharedPrefix(buffer, index);
  const indexBits = Math.max(1, Math.ceil(Math.log2(entries + 1)));
  const drop = 2 ** Math.max(0, indexBits - 5);
  const scale = 2 ** indexBits;
  for (let entry = 0; entry < entries; entry += 1) {
    const bits = bits48(buffer, (starts[entry] ?? 0) + ENTRY_HEADER + skip, keyEnds[entry] ?? 0);
    packed[entry] = Math.floor(bits / drop) * scale + entry;
  }
  packed.sort();
  for (let at = 0; at < entries; at += 1) order[at] = (packed[at] ?? 0) % scale;
  equal.fill(0);
  resolveTies(buffer, index, (at) => Math.floor((packed[at] ?? 0) / scale));
  return { order, equal };
}

/** Number of leading bytes that all keys of the bucket share. */
function sharedPrefix(buffer: Buffer, { starts, keyEnds }: EntryIndex): number {
  const first = (starts[0] ?? 0) + ENTRY_HEADER;
  let shared = (keyEnds[0] ?? first) - first;
  for (let entry = 1; entry < starts.length && shared > 0; entry += 1) {
    const start = (starts[entry] ?? 0) + ENTRY_HEADER;
    const limit = Math.min(shared, (keyEnds[entry] ?? 0) - start);
    let same = 0;
    while (same < limit && buffer[first + same] === buffer[start + same]) same += 1;
    shared = same;
  }
  return shared;
}

function resolveTies(buffer: Buffer, index: SortArrays, prefix: (at: number) => number): void {
  const { order, equal } = index;
  let start = 0;
  for (let at = 1; at <= order.length; at += 1) {
    if (at < order.length && prefix(at) === prefix(start)) continue;
    if (at - start > 1) {
      order
        .subarray(start, at)
        .sort(
          (a, b) => compareKeys(buffer, index, a, b) || compareTails(buffer, index, a, b) || a - b,
        );
      for (let next = start + 1; next < at; next += 1) {
        const [a, b] = [order[next - 1] ?? 0, order[next] ?? 0];
        equal[next] = compareKeys(buffer, index, a, b) === 0 ? 1 : 0;
      }
    }
    start = at;
  }
}

/** Compares the keys of two entries, byte by byte. */
function compareKeys(buffer: Buffer, index: EntryIndex, a: number, b: number): number {
  const { starts, keyEnds } = index;
  return buffer.compare(
    buffer,
    (starts[b] ?? 0) + ENTRY_HEADER,
    keyEnds[b],
    (starts[a] ?? 0) + ENTRY_HEADER,
    keyEnds[a],
  );
}

/** Orders entries of one key by their last part, so that their order does not depend on their positions. */
function compareTails(buffer: Buffer, index: EntryIndex, a: number, b: number): number {
  const { lineageEnds, ends } = index;
  return buffer.compare(buffer, lineageEnds[b], ends[b], lineageEnds[a], ends[a]);
}
