/**
 * Second phase, in a worker: a bucket's entries in key order, their leaves hashed where they lie.
 * Sorting works on packed numbers (leading key bits, then the entry's index); keys are compared
 * byte by byte only where those bits tie.
 */

import { readBucket, type Bucket } from '../disk/spill.ts';
import { DIGEST_LENGTH, packedLeafHash } from '../merkle/hash.ts';
import { readEntry, rowOf, type EntryView } from './entry.ts';
import { bits48 } from './router.ts';

/** Rows whose target id is the same; none of them enters the candidate. */
export type DuplicateGroup = readonly (number | string)[];

export interface SortedBucket {
  /** One byte of padding, then the lines of data.ndjson. */
  readonly data: Buffer;
  readonly leaves: Buffer;
  /** For each line the offset behind its LF, counted without the padding. */
  readonly ends: Uint32Array;
  readonly lineage: Buffer;
  readonly duplicates: readonly DuplicateGroup[];
  /** Provisional candidates: the row that each line comes from. */
  readonly rows: BigInt64Array | null;
}

/**
 * Reads, orders and hashes one bucket. A provisional candidate keeps rows with equal keys, and
 * says for each line which row it comes from.
 */
export function sortBucket(bucket: Bucket, provisional: boolean): SortedBucket {
  const buffer = readBucket(bucket);
  const index = indexEntries(buffer, bucket.entries);
  const sorted = sortEntries(buffer, index);
  if (provisional) {
    const rows = BigInt64Array.from(sorted.order, (entry) =>
      BigInt(rowOf(buffer, index.starts[entry] ?? 0)),
    );
    return { ...layOut(buffer, index, sorted.order), duplicates: [], rows };
  }
  const { kept, duplicates } = separateDuplicates(buffer, index, sorted);
  return { ...layOut(buffer, index, kept), duplicates, rows: null };
}

export interface EntryIndex {
  readonly starts: Uint32Array;
  readonly keyEnds: Uint32Array;
}

const HEADER = 20;

/** Where each entry of a bucket begins, and where its key ends. */
export function indexEntries(buffer: Buffer, entries: number): EntryIndex {
  const starts = new Uint32Array(entries);
  const keyEnds = new Uint32Array(entries);
  let at = 0;
  for (let entry = 0; entry < entries; entry += 1) {
    starts[entry] = at;
    const keyEnd = at + HEADER + buffer.readUInt32LE(at);
    keyEnds[entry] = keyEnd;
    at = keyEnd + buffer.readUInt32LE(at + 4) + buffer.readUInt32LE(at + 8);
  }
  if (at !== buffer.length)
    throw new Error('a bucket holds another number of entries than written');
  return { starts, keyEnds };
}

export interface EntryOrder {
  /** Entry numbers in ascending key order; equal keys in the order of the bucket. */
  readonly order: Uint32Array;
  /** Whether the key at this place of the order equals the one before. */
  readonly equal: Uint8Array;
}

/** Sorts the entries of a bucket by key. */
export function sortEntries(buffer: Buffer, index: EntryIndex): EntryOrder {
  const { starts, keyEnds } = index;
  const entries = starts.length;
  const skip = sharedPrefix(buffer, index);
  const indexBits = Math.max(1, Math.ceil(Math.log2(entries + 1)));
  const drop = 2 ** Math.max(0, indexBits - 5);
  const scale = 2 ** indexBits;
  const packed = new Float64Array(entries);
  for (let entry = 0; entry < entries; entry += 1) {
    const bits = bits48(buffer, (starts[entry] ?? 0) + HEADER + skip, keyEnds[entry] ?? 0);
    packed[entry] = Math.floor(bits / drop) * scale + entry;
  }
  packed.sort();
  const order = new Uint32Array(entries);
  for (let at = 0; at < entries; at += 1) order[at] = (packed[at] ?? 0) % scale;
  const equal = settleTies(buffer, index, order, (at) => Math.floor((packed[at] ?? 0) / scale));
  return { order, equal };
}

/** Bytes that all keys of the bucket share. */
function sharedPrefix(buffer: Buffer, { starts, keyEnds }: EntryIndex): number {
  const first = (starts[0] ?? 0) + HEADER;
  let shared = (keyEnds[0] ?? first) - first;
  for (let entry = 1; entry < starts.length && shared > 0; entry += 1) {
    const start = (starts[entry] ?? 0) + HEADER;
    const limit = Math.min(shared, (keyEnds[entry] ?? 0) - start);
    let same = 0;
    while (same < limit && buffer[first + same] === buffer[start + same]) same += 1;
    shared = same;
  }
  return shared;
}

function settleTies(
  buffer: Buffer,
  index: EntryIndex,
  order: Uint32Array,
  prefix: (at: number) => number,
): Uint8Array {
  const equal = new Uint8Array(order.length);
  let start = 0;
  for (let at = 1; at <= order.length; at += 1) {
    if (at < order.length && prefix(at) === prefix(start)) continue;
    if (at - start > 1) {
      order.subarray(start, at).sort((a, b) => compareKeys(buffer, index, a, b) || a - b);
      for (let next = start + 1; next < at; next += 1) {
        const [a, b] = [order[next - 1] ?? 0, order[next] ?? 0];
        equal[next] = compareKeys(buffer, index, a, b) === 0 ? 1 : 0;
      }
    }
    start = at;
  }
  return equal;
}

/** Compares the keys of two entries, byte by byte. */
function compareKeys(buffer: Buffer, index: EntryIndex, a: number, b: number): number {
  const { starts, keyEnds } = index;
  return buffer.compare(
    buffer,
    (starts[b] ?? 0) + HEADER,
    keyEnds[b],
    (starts[a] ?? 0) + HEADER,
    keyEnds[a],
  );
}

function separateDuplicates(
  buffer: Buffer,
  index: EntryIndex,
  { order, equal }: EntryOrder,
): { kept: Uint32Array; duplicates: DuplicateGroup[] } {
  const kept = new Uint32Array(order.length);
  const duplicates: DuplicateGroup[] = [];
  let count = 0;
  let start = 0;
  for (let at = 1; at <= order.length; at += 1) {
    if (equal[at] === 1) continue;
    if (at - start === 1) {
      kept[count] = order[start] ?? 0;
      count += 1;
    } else {
      const rows = [...order.subarray(start, at)].map((entry) =>
        rowOf(buffer, index.starts[entry] ?? 0),
      );
      duplicates.push(rows.sort(byRow));
    }
    start = at;
  }
  return { kept: kept.subarray(0, count), duplicates };
}

/** Rowids beyond 2^53 are strings; their order is that of the integers. */
function byRow(a: number | string, b: number | string): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  return BigInt(a) < BigInt(b) ? -1 : 1;
}

/** Copies records and lineage in order and hashes each record's leaf. */
function layOut(
  buffer: Buffer,
  index: EntryIndex,
  order: Uint32Array,
): Omit<SortedBucket, 'duplicates' | 'rows'> {
  const view: EntryView = { start: 0, keyEnd: 0, recordEnd: 0, end: 0 };
  let [recordBytes, lineageBytes] = [0, 0];
  for (const entry of order) {
    readEntry(buffer, index.starts[entry] ?? 0, view);
    recordBytes += view.recordEnd - view.keyEnd;
    lineageBytes += view.end - view.recordEnd;
  }
  const data = Buffer.allocUnsafeSlow(recordBytes + 1);
  const lineage = Buffer.allocUnsafeSlow(lineageBytes);
  const leaves = Buffer.allocUnsafeSlow(order.length * DIGEST_LENGTH);
  const ends = new Uint32Array(order.length);
  let [at, lineageAt] = [1, 0];
  for (let number = 0; number < order.length; number += 1) {
    readEntry(buffer, index.starts[order[number] ?? 0] ?? 0, view);
    const start = at;
    at += buffer.copy(data, at, view.keyEnd, view.recordEnd);
    lineageAt += buffer.copy(lineage, lineageAt, view.recordEnd, view.end);
    packedLeafHash(data, start, at - 1, leaves, number * DIGEST_LENGTH);
    ends[number] = at - 1;
  }
  return { data, leaves, ends, lineage };
}
