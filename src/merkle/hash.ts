/** Hashes of RFC 6962 §2.1: the first byte distinguishes leaves from nodes. */

import { hash } from 'node:crypto';

/** Bytes of a SHA-256 digest. */
export const DIGEST_LENGTH = 32;

/** Root of the empty tree: SHA-256 of no bytes. */
export const EMPTY_ROOT: Buffer = hash('sha256', '', 'buffer');

/** Returns SHA-256(0x00 ‖ entry). */
export function leafHash(entry: Uint8Array): Buffer {
  return hash('sha256', Buffer.concat([Uint8Array.of(0), entry]), 'buffer');
}

const nodeInput = Buffer.alloc(1 + 2 * DIGEST_LENGTH);
nodeInput[0] = 1;

/** Returns SHA-256(0x01 ‖ left ‖ right). */
export function nodeHash(left: Uint8Array, right: Uint8Array): Buffer {
  nodeInput.set(left, 1);
  nodeInput.set(right, 1 + DIGEST_LENGTH);
  return hash('sha256', nodeInput, 'buffer');
}

/**
 * Writes SHA-256(0x01 ‖ the 64 bytes at `from` of `source`) to `target` at `to`, for bulk
 * reductions. A latin1 string is the fastest form in which the runtime returns a digest.
 */
export function packedNodeHash(source: Buffer, from: number, target: Buffer, to: number): void {
  source.copy(nodeInput, 1, from, from + 2 * DIGEST_LENGTH);
  target.write(hash('sha256', nodeInput, 'binary'), to, DIGEST_LENGTH, 'latin1');
}

/**
 * Writes the leaf hash of the entry in `source[start, end)` to `target` at `to`. The byte before
 * `start` must belong to the caller: it is 0x00 while the hash runs and is restored afterwards.
 */
export function packedLeafHash(
  source: Buffer,
  start: number,
  end: number,
  target: Buffer,
  to: number,
): void {
  const before = source[start - 1] ?? 0;
  source[start - 1] = 0;
  const entry = source.subarray(start - 1, end);
  target.write(hash('sha256', entry, 'binary'), to, DIGEST_LENGTH, 'latin1');
  source[start - 1] = before;
}
