/**
 * Between the phases, in a worker: entries of one bucket go to new buckets, because it grew beyond
 * what is sorted in memory, or because its records (without key) get their final ids.
 */

import { ENTRY_HEADER, readBucket, spillWriter, type Bucket, type Extent } from '../disk/spill.ts';
import type { ContentFinisher } from './contentEntry.ts';
import { emptyView, readEntry, type EntryView } from './entry.ts';
import { bucketCount, route, sampledRouter, type Router } from './router.ts';
import { indexEntries, sortEntries } from './sortBucket.ts';

const SAMPLE = 4096;

/** Gives the records of a bucket their ordinals and final ids, and spills them by these. */
export function assignOrdinals(
  bucket: Bucket,
  finisher: ContentFinisher,
  router: Router,
  spill: { readonly path: string; readonly chunk: number },
): Bucket[] {
  const buffer = readBucket(bucket);
  const index = indexEntries(buffer, bucket.entries);
  const writer = spillWriter(spill.path, bucketCount(router), spill.chunk);
  const view = emptyView();
  const { order, equal } = sortEntries(buffer, index);
  let ordinal = 0;
  for (const [place, entry] of order.entries()) {
    ordinal = equal[place] === 1 ? ordinal + 1 : 0;
    readEntry(buffer, index.starts[entry] ?? 0, view);
    const { buffer: target } = writer.reserve(finisher.room(view));
    const size = finisher.finish(buffer, view, ordinal, target);
    writer.commit(route(router, target, ENTRY_HEADER, ENTRY_HEADER + 16), size);
  }
  return writer.finish();
}

/**
 * Splits a bucket into about `parts` buckets in key order, in bounded memory. A bucket whose keys
 * are all equal stays whole.
 */
export function splitBucket(
  bucket: Bucket,
  parts: number,
  spill: { readonly path: string; readonly chunk: number },
): Bucket[] {
  const router = sampledRouter(sampleKeys(bucket), parts);
  if (bucketCount(router) === 1) return [bucket];
  const writer = spillWriter(spill.path, bucketCount(router), spill.chunk);
  forEachEntry(bucket, (buffer, view) => {
    const size = view.end - view.start;
    buffer.copy(writer.reserve(size).buffer, 0, view.start, view.end);
    writer.commit(route(router, buffer, view.start + ENTRY_HEADER, view.keyEnd), size);
  });
  return writer.finish();
}

function sampleKeys(bucket: Bucket): Buffer[] {
  const every = Math.max(1, Math.floor(bucket.entries / SAMPLE));
  const keys: Buffer[] = [];
  let seen = 0;
  forEachEntry(bucket, (buffer, view) => {
    if (seen % every === 0)
      keys.push(Buffer.from(buffer.subarray(view.start + ENTRY_HEADER, view.keyEnd)));
    seen += 1;
  });
  return keys;
}

function forEachEntry(bucket: Bucket, visit: (buffer: Buffer, view: EntryView) => void): void {
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
