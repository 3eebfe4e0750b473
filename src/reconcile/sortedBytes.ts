/** The size of a sorted bucket of hashed rows. */

import { ENTRY_HEADER, type Bucket } from '../extsort/spill.ts';

/** Bytes of an entry's locator and of the end of its key. */
const NUMBERS = BigInt64Array.BYTES_PER_ELEMENT + Uint32Array.BYTES_PER_ELEMENT;

/** Returns the bytes of locators, keys, their ends and leaves, for worker/sortRows.ts. */
export function sortedBytes({ bytes, entries }: Pick<Bucket, 'bytes' | 'entries'>): number {
  return bytes + entries * (NUMBERS - ENTRY_HEADER);
}
