/**
 * Moves entries of one bucket to new buckets, in a worker between the two phases: because the
 * bucket is too large to be sorted in memory, or because its records (without key) get their final
 * ids.
 */

import {
  ENTRY_HEADER,
  readBucket,
  spillWriter,
  type Bucket,
  type Extent,
} from '../../extsort/spill.ts';
import type { ContentFinisher } from './contentEntry.ts';
import { emptyView, readEntry, type EntryView } from '../../extsort/entry.ts';
import { bucketCount, route, sampledRouter, type Router } from '../../extsort/router.ts';
import { indexEntries, sortEntries } from '../../extsort/sortEntries.ts';

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
    const { buffer: target } = writer.reserve(finisher.capacity(view));
    const size = finisher.finish(buffer, view, ordinal, target);
    writer.commit(route(router, target, ENTRY_HEADER, ENTRY_HEADER + 16), size);
  }
  return writer.finish();
}

/**
 * Like {@link assignOrdinals}, for a bucket of any size whose keys are all equal. Reads it twice,
 * in bounded memory, as equal records differ only in their diagnoses.
 */
export function assignOrdinalsInTurn(
  bucket: Bucket,
  finisher: ContentFinisher,
  router: Router,
  spill: { readonly path: string; readonly chunk: number },
): Bucket[] {
  const turns = firstOrdinals(bucket);
  const writer = spillWriter(spill.path, bucketCount(router), spill.chunk);
  forEachEntry(bucket, (buffer, view) => {
    const found = foundIn(buffer, view);
    const ordinal = turns.get(found) ?? 0;
    turns.set(found, ordinal + 1);
    const { buffer: target } = writer.reserve(finisher.capacity(view));
    const size = finisher.finish(buffer, view, ordinal, target);
    writer.commit(route(router, target, ENTRY_HEADER, ENTRY_HEADER + 16), size);
  });
  return writer.finish();
}

/** Maps diagnoses, in the order of their bytes, to the ordinal of their first record. */
function firstOrdinals(bucket: Bucket): Map<string, number> {
  const counts = new Map<string, number>();
  const key: { first: Buffer | null } = { first: null };
  forEachEntry(bucket, (buffer, view) => {
    key.first ??= Buffer.from(keyIn(buffer, view));
    if (!key.first.equals(keyIn(buffer, view))) throw new Error('the keys of a bucket differ');
    const found = foundIn(buffer, view);
    counts.set(found, (counts.get(found) ?? 0) + 1);
  });
  let next = 0;
  const first = new Map<string, number>();
  for (const found of [...counts.keys()].sort()) {
    first.set(found, next);
    next += counts.get(found) ?? 0;
  }
  return first;
}

function keyIn(buffer: Buffer, view: EntryView): Buffer {
  return buffer.subarray(view.start + ENTRY_HEADER, view.keyEnd);
}

/** The diagnoses, each byte as one character, so that texts compare like their bytes. */
function foundIn(buffer: Buffer, { lineageEnd, end }: EntryView): string {
  return lineageEnd === end ? '' : buffer.toString('latin1', lineageEnd, end);
}

/**
 * Splits a bucket into about `parts` buckets in key order, in bounded memory. A bucket whose keys
 * are all equal stays whole; if nearly all are, the others go before and after them.
 */
export function splitBucket(
  bucket: Bucket,
  parts: number,
  spill: { readonly path: string; readonly chunk: number },
): Bucket[] {
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
