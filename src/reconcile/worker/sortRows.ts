/** Sorts the entries of a bucket of hashed rows. */

import { locatorOf } from '../../extsort/entry.ts';
import { indexEntries, sortEntries, type TakeArrays } from '../../extsort/sortEntries.ts';
import { ENTRY_HEADER } from '../../extsort/spill.ts';
import { DIGEST_LENGTH } from '../../merkle/hash.ts';
import { bumpAllocator } from '../../threads/sharedBuffer.ts';
import type { SortedRows } from '../calls.ts';

/** Sorts `entries` entries of `bucket` into `target`. */
export function sortRows(
  bucket: Buffer,
  entries: number,
  target: SharedArrayBuffer,
  take?: TakeArrays,
): SortedRows {
  const index = indexEntries(bucket, entries, take);
  const { order } = sortEntries(bucket, index);
  const { starts, keyEnds, recordEnds } = index;
  const allocator = bumpAllocator(target);
  const locators = allocator.longs(entries);
  const keyEndsOut = allocator.words(entries);
  const leaves = allocator.bytes(entries * DIGEST_LENGTH);
  const keys = allocator.bytes(bucket.length - entries * (ENTRY_HEADER + DIGEST_LENGTH));
  let at = 0;
  for (let number = 0; number < entries; number += 1) {
    const entry = order[number] ?? 0;
    const [start, keyEnd] = [starts[entry] ?? 0, keyEnds[entry] ?? 0];
    at += bucket.copy(keys, at, start + ENTRY_HEADER, keyEnd);
    keyEndsOut[number] = at;
    bucket.copy(leaves, number * DIGEST_LENGTH, keyEnd, recordEnds[entry]);
    locators[number] = BigInt(locatorOf(bucket, start));
  }
  return { keys, keyEnds: keyEndsOut, leaves, locators };
}
