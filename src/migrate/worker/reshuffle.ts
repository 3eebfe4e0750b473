/**
 * Moves the records of one bucket, which have no key, to new buckets by their final ids, in a worker
 * between the two phases.
 */

import { ENTRY_HEADER, readBucket, spillWriter, type Bucket } from '../../extsort/spill.ts';
import { forEachEntry, keyIn } from '../../extsort/splitBucket.ts';
import type { ContentFinisher } from './contentEntry.ts';
import { emptyView, readEntry, type EntryView } from '../../extsort/entry.ts';
import { bucketCount, route, type Router } from '../../extsort/router.ts';
import { indexEntries, sortEntries } from '../../extsort/sortEntries.ts';

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

/** The diagnoses, each byte as one character, so that texts compare like their bytes. */
function foundIn(buffer: Buffer, { lineageEnd, end }: EntryView): string {
  return lineageEnd === end ? '' : buffer.toString('latin1', lineageEnd, end);
}
