/** Splits buckets that are too large to be sorted in memory, and reads them in bounded memory. */

import { join } from 'node:path';

import { makeNewFolder } from '../disk/durable.ts';
import { emptyView, readEntry, type EntryView } from './entry.ts';
import { bucketCount, MAX_BUCKETS, route, sampledRouter } from './router.ts';
import { ENTRY_HEADER, readBucket, spillWriter, type Bucket, type Extent } from './spill.ts';

const SAMPLE = 4096;
/** Factor by which a bucket may exceed the planned size before it is split. */
const OVERSIZE = 3;
const MOST_CHUNK = 256 * 1024;

/** Limits of a sort, independent of the number of entries. */
export interface SortMemory {
  /** Bytes of entries that are sorted at once, per worker. */
  readonly bucketBytes: number;
  /** Bytes for the buckets' write buffers, per worker. */
  readonly spillBytes: number;
}

/** A bucket to split into about `parts` buckets, in files named `path` and a number. */
export interface SplitInput {
  readonly bucket: Bucket;
  readonly path: string;
  readonly chunk: number;
  /** Approximate number of resulting buckets. */
  readonly parts: number;
}

/** Whether a bucket is larger than planned. */
export function isOversized({ bytes }: Bucket, { bucketBytes }: SortMemory): boolean {
  return bytes > bucketBytes * OVERSIZE;
}

/**
 * Splits large buckets by `split`, which runs in a worker, in key order; leaves out empty ones. Only a
 * bucket of equal keys stays larger than planned. `scratch` is a private folder.
 */
export async function splitOversized(
  buckets: readonly Bucket[],
  { memory, scratch }: { readonly memory: SortMemory; readonly scratch: string },
  split: (input: SplitInput) => Promise<Bucket[]>,
): Promise<Bucket[]> {
  const result: Bucket[] = [];
  for (const [index, bucket] of buckets.entries()) {
    if (bucket.entries === 0) continue;
    if (!isOversized(bucket, memory) || bucket.entries === 1) {
      result.push(bucket);
      continue;
    }
    const parts = Math.min(MAX_BUCKETS, Math.ceil(bucket.bytes / memory.bucketBytes));
    const path = join(scratch, `split-${index}`);
    const chunk = Math.min(MOST_CHUNK, Math.floor(memory.spillBytes / parts));
    const smaller = await split({ bucket, parts, path, chunk });
    if (smaller.length === 1) {
      result.push(...smaller);
    } else {
      const inner = join(scratch, `inner-${index}`);
      makeNewFolder(inner);
      result.push(...(await splitOversized(smaller, { memory, scratch: inner }, split)));
    }
  }
  return result;
}

/**
 * Splits a bucket into about `parts` buckets in key order, in bounded memory. A bucket whose keys
 * are all equal stays whole; if nearly all are, the others go before and after them.
 */
export function splitBucket({ bucket, parts, ...spill }: SplitInput): Bucket[] {
  const sample = sampleKeys(bucket);
  const router = sampledRouter(sample, parts);
  if (bucketCount(router) > 1) {
    return spillBy(bucket, bucketCount(router), spill, (buffer, view) =>
      route(router, buffer, view.start + ENTRY_HEADER, view.keyEnd),
    );
  }
  const [common = Buffer.alloc(0)] = sample;
  // 0 for keys before the sampled one, 1 for the same key, 2 for keys after it.
  const side = (buffer: Buffer, view: EntryView): number =>
    Buffer.compare(keyIn(buffer, view), common) + 1;
  let same = true;
  forEachEntry(bucket, (buffer, view) => {
    same &&= side(buffer, view) === 1;
  });
  return same ? [bucket] : spillBy(bucket, 3, spill, side);
}

/** Returns the key of an entry. */
export function keyIn(buffer: Buffer, view: EntryView): Buffer {
  return buffer.subarray(view.start + ENTRY_HEADER, view.keyEnd);
}

function spillBy(
  bucket: Bucket,
  buckets: number,
  spill: { readonly path: string; readonly chunk: number },
  bucketOf: (buffer: Buffer, view: EntryView) => number,
): Bucket[] {
  const writer = spillWriter(spill.path, buckets, spill.chunk);
  forEachEntry(bucket, (buffer, view) => {
    const size = view.end - view.start;
    buffer.copy(writer.reserve(size).buffer, 0, view.start, view.end);
    writer.commit(bucketOf(buffer, view), size);
  });
  return writer.finish();
}

function sampleKeys(bucket: Bucket): Buffer[] {
  const every = Math.max(1, Math.floor(bucket.entries / SAMPLE));
  const keys: Buffer[] = [];
  let seen = 0;
  forEachEntry(bucket, (buffer, view) => {
    if (seen % every === 0) keys.push(Buffer.from(keyIn(buffer, view)));
    seen += 1;
  });
  return keys;
}

/** Reads entries extent by extent, so that a bucket of any size is read in bounded memory. */
export function forEachEntry(
  bucket: Bucket,
  visit: (buffer: Buffer, view: EntryView) => void,
): void {
  const view = emptyView();
  for (const extent of bucket.extents) {
    const buffer = readExtent(extent);
    for (let at = 0; at < buffer.length; at = view.end) {
      readEntry(buffer, at, view);
      visit(buffer, view);
    }
  }
}

function readExtent(extent: Extent): Buffer {
  return readBucket({ extents: [extent], bytes: extent.length });
}
