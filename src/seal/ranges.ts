/**
 * Cuts records into ranges whose ends depend on content alone, so that one inserted record changes
 * one range. A range ends after a leaf whose last 12 bits are zero, or after 65,536 records. Its
 * digest is SHA-256 over its leaf hashes.
 */

import { createHash, type Hash } from 'node:crypto';

import { DIGEST_LENGTH } from '../merkle/hash.ts';

/** Maximum number of records of a range. */
export const RANGE_MAX = 65_536;

/** A range that has ended. */
export interface RangeEnd {
  readonly count: number;
  /** Lower-case hex. */
  readonly digest: string;
  /** Number of the module's records up to and including the last of this range. */
  readonly through: number;
}

export interface RangeCutter {
  /** Appends packed leaf hashes; returns the ranges that ended with them. */
  push(leaves: Buffer): RangeEnd[];
  /** Ends and returns the last range, if records are left. */
  finish(): RangeEnd[];
}

export function rangeCutter(): RangeCutter {
  let digest: Hash = createHash('sha256');
  let count = 0;
  let through = 0;
  const end = (): RangeEnd => {
    const range = { count, digest: digest.digest('hex'), through };
    digest = createHash('sha256');
    count = 0;
    return range;
  };
  return {
    push(leaves) {
      const ended: RangeEnd[] = [];
      let start = 0;
      for (let at = 0; at < leaves.length; at += DIGEST_LENGTH) {
        count += 1;
        through += 1;
        const zeros = leaves[at + 31] === 0 && ((leaves[at + 30] ?? 1) & 0x0f) === 0;
        if (!zeros && count < RANGE_MAX) continue;
        digest.update(leaves.subarray(start, at + DIGEST_LENGTH));
        start = at + DIGEST_LENGTH;
        ended.push(end());
      }
      digest.update(leaves.subarray(start));
      return ended;
    },
    finish() {
      return count === 0 ? [] : [end()];
    },
  };
}
