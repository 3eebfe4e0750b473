/**
 * Inclusion proofs (RFC 6962 §2.1.1; verification as in RFC 9162 §2.1.3.2), with merkletreejs
 * configured for exactly that tree: its defaults do not distinguish leaves from nodes.
 */

import { MerkleTree } from 'merkletreejs';

import { DIGEST_LENGTH, nodeHash } from './hash.ts';

/** Builds a merkletreejs tree over hashes of leaves, or over roots of equal complete subtrees. */
export function merkleTree(hashes: readonly Uint8Array[]): MerkleTree {
  return new MerkleTree(
    hashes.map((hash) => Buffer.from(hash)),
    (pair: Buffer) => nodeHash(pair.subarray(0, DIGEST_LENGTH), pair.subarray(DIGEST_LENGTH)),
    { hashLeaves: false, sortPairs: false, sortLeaves: false, duplicateOdd: false },
  );
}

/** Returns the audit paths of all hashes, in their order, each bottom first. The tree is built once. */
export function auditPaths(hashes: readonly Uint8Array[]): Buffer[][] {
  const tree = merkleTree(hashes);
  return hashes.map((leaf, index) =>
    tree.getProof(Buffer.from(leaf), index).map((step) => step.data),
  );
}

/**
 * Whether `path` proves that the leaf with hash `leaf` is number `index` (from 0) of a tree of
 * `size` leaves with this root. False for malformed input.
 */
export function verifyInclusion(
  leaf: Uint8Array,
  index: number,
  size: number,
  path: readonly Uint8Array[],
  root: Uint8Array,
): boolean {
  if (!Number.isSafeInteger(index) || !Number.isSafeInteger(size)) return false;
  if (index < 0 || index >= size) return false;
  if ([leaf, root, ...path].some((hash) => hash.length !== DIGEST_LENGTH)) return false;
  let [node, last] = [index, size - 1];
  let running: Buffer = Buffer.from(leaf);
  for (const sibling of path) {
    if (last === 0) return false;
    if (node % 2 === 1 || node === last) {
      running = nodeHash(sibling, running);
      while (node % 2 === 0 && node !== 0) [node, last] = [node / 2, Math.floor(last / 2)];
    } else {
      running = nodeHash(running, sibling);
    }
    [node, last] = [Math.floor(node / 2), Math.floor(last / 2)];
  }
  return last === 0 && running.equals(root);
}
