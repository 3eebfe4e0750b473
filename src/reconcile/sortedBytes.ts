/** The size of a sorted bucket of hashed rows. */

import { ENTRY_HEADER, type Bucket } from '../extsort/spill.ts';

/** Returns the bytes of keys, their ends and leaves, for worker/sortRows.ts. */
export function sortedBytes({ bytes, entries }: Pick<Bucket, 'bytes' | 'entries'>): number {
  return bytes - entries * ENTRY_HEADER + (entries + 2) * Uint32Array.BYTES_PER_ELEMENT;
}
