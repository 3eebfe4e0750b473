/**
 * Spill files of a bucket sort. Buckets split the key space; every worker appends the entries of
 * each bucket to its own files in scratch, and a bucket is read back as a whole. Neighbouring
 * buckets share a file, which is removed after they were read. So the disk holds little more than
 * one copy of the data, and the page cache is freed early.
 *
 * An entry is [key length, record length, lineage length, row high, row low, diagnoses length] as
 * u32 little endian, then key, record, lineage and diagnoses. Record and lineage end in LF (lineage
 * may be empty); diagnoses, mostly none, are JSON.
 */

import { closeSync, constants, fstatSync, readSync } from 'node:fs';

import { createFile, writeAll } from '../disk/durable.ts';
import { openNoLinks } from '../disk/noLinks.ts';

export const ENTRY_HEADER = 24;

/** A contiguous part of a spill file that holds whole entries of one bucket, in bytes. */
export interface Extent {
  readonly file: string;
  readonly offset: number;
  readonly length: number;
  readonly entries: number;
}

export interface Bucket {
  readonly extents: Extent[];
  bytes: number;
  entries: number;
}

export interface SpillWriter {
  /**
   * Reserves `size` bytes of `buffer`, from `start`, for an entry of at most that size. The caller
   * writes it there, then calls `commit` with its bucket and its actual size.
   */
  reserve(size: number): { readonly buffer: Buffer; readonly start: number };
  commit(bucket: number, size: number): void;
  /** Writes the buffered entries and closes the files. */
  finish(): Bucket[];
}

/** Bytes that a bucket holds in memory before they are written. */
const CHUNK = 256 * 1024;

/** Maximum number of files of a spill. */
const FILES = 32;

/**
 * Makes a writer of `buckets` buckets to files named `path` and a number. Memory: `chunk` bytes per
 * bucket and the largest entry.
 */
export function spillWriter(path: string, buckets: number, chunk: number = CHUNK): SpillWriter {
  const files = spillFiles(path, buckets);
  let scratch = Buffer.allocUnsafeSlow(64 * 1024);
  const pending = Array.from({ length: buckets }, () => ({
    buffer: null as Buffer | null,
    used: 0,
    entries: 0,
  }));
  const result: Bucket[] = pending.map(() => ({ extents: [], bytes: 0, entries: 0 }));

  const append = (index: number, bytes: Uint8Array, entries: number): void => {
    const bucket = result[index];
    if (bucket === undefined) throw new RangeError('no such bucket');
    bucket.extents.push({ ...files.append(index, bytes), entries });
    bucket.bytes += bytes.length;
    bucket.entries += entries;
  };
  const flush = (index: number): void => {
    const part = pending[index];
    if (part === undefined || part.buffer === null || part.used === 0) return;
    append(index, part.buffer.subarray(0, part.used), part.entries);
    part.used = 0;
    part.entries = 0;
  };
  return {
    reserve(size) {
      if (scratch.length < size) scratch = Buffer.allocUnsafeSlow(size);
      return { buffer: scratch, start: 0 };
    },
    commit(index, size) {
      const part = pending[index];
      if (part === undefined) throw new RangeError('no such bucket');
      if (part.used + size > chunk) flush(index);
      if (size > chunk) {
        append(index, scratch.subarray(0, size), 1);
        return;
      }
      part.buffer ??= Buffer.allocUnsafeSlow(chunk);
      scratch.copy(part.buffer, part.used, 0, size);
      part.used += size;
      part.entries += 1;
    },
    finish() {
      for (const index of pending.keys()) flush(index);
      files.close();
      return result;
    },
  };
}

interface SpillFiles {
  /** Appends to the file of a bucket. */
  append(bucket: number, bytes: Uint8Array): Omit<Extent, 'entries'>;
  close(): void;
}

/** The files of a spill, each created at its first write. */
function spillFiles(path: string, buckets: number): SpillFiles {
  const open = new Map<number, { readonly name: string; readonly file: number; end: number }>();
  return {
    append(bucket, bytes) {
      const number = Math.floor((bucket * FILES) / Math.max(FILES, buckets));
      let at = open.get(number);
      if (at === undefined) {
        const name = `${path}-${number}`;
        at = { name, file: createFile(name), end: 0 };
        open.set(number, at);
      }
      writeAll(at.file, bytes);
      const offset = at.end;
      at.end += bytes.length;
      return { file: at.name, offset, length: bytes.length };
    },
    close() {
      for (const { file } of open.values()) closeSync(file);
    },
  };
}

/**
 * Lists for each bucket the files that no later bucket uses. `buckets` are all buckets still to be
 * read, in order.
 */
export function lastUses(buckets: readonly Bucket[]): string[][] {
  const last = new Map<string, number>();
  for (const [index, { extents }] of buckets.entries()) {
    for (const { file } of extents) last.set(file, index);
  }
  const files: string[][] = buckets.map(() => []);
  for (const [file, index] of last) files[index]?.push(file);
  return files;
}

/** Joins the buckets of several writers by their index. */
export function joinBuckets(parts: readonly (readonly Bucket[])[]): Bucket[] {
  const width = Math.max(0, ...parts.map((part) => part.length));
  return Array.from({ length: width }, (_, index) => {
    const same = parts.flatMap((part) => part[index] ?? []);
    return {
      extents: same.flatMap((bucket) => bucket.extents),
      bytes: same.reduce((sum, bucket) => sum + bucket.bytes, 0),
      entries: same.reduce((sum, bucket) => sum + bucket.entries, 0),
    };
  });
}

/** Reads all bytes of a bucket into a new buffer. */
export function readBucket(bucket: Pick<Bucket, 'extents' | 'bytes'>): Buffer {
  return readInto(bucket, Buffer.allocUnsafeSlow(bucket.bytes));
}

/** Maximum size of the buffer that is kept for the next bucket, in bytes. */
const KEPT = 64 * 2 ** 20;

/** Reads a bucket; `largest` are the bytes of the largest one that is expected. */
type ReadBucket = (bucket: Pick<Bucket, 'extents' | 'bytes'>, largest?: number) => Buffer;

/** Makes a reader that reuses its buffer: each call overwrites the result of the last one. */
export function bucketReader(): ReadBucket {
  let kept = Buffer.alloc(0);
  return (bucket, largest = 0) => {
    if (bucket.bytes > KEPT) return readBucket(bucket);
    if (kept.length < bucket.bytes) {
      const capacity = Math.max(largest, Math.ceil(bucket.bytes * 1.25));
      kept = Buffer.allocUnsafeSlow(Math.min(KEPT, capacity));
    }
    return readInto(bucket, kept.subarray(0, bucket.bytes));
  };
}

function readInto(bucket: Pick<Bucket, 'extents'>, buffer: Buffer): Buffer {
  const files = new Map<string, number>();
  let at = 0;
  try {
    for (const extent of bucket.extents) {
      const file = files.get(extent.file) ?? openNoLinks(extent.file, constants.O_RDONLY);
      files.set(extent.file, file);
      readFully(file, buffer.subarray(at, at + extent.length), extent.offset);
      at += extent.length;
    }
  } finally {
    for (const file of files.values()) closeSync(file);
  }
  return buffer;
}

/** Fills `target` from `position`. @throws Error if the file ends before */
export function readFully(file: number, target: Uint8Array, position: number): void {
  let done = 0;
  while (done < target.length) {
    const read = readSync(file, target, done, target.length - done, position + done);
    if (read === 0) throw new Error(`a file of ${fstatSync(file).size} bytes ended early`);
    done += read;
  }
}
