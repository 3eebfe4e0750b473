import { describe, expect, it } from 'vitest';

import { leafHash, nodeHash, packedLeafHash } from '../../src/merkle/hash.ts';
import { auditPaths, merkleTree, verifyInclusion } from '../../src/merkle/proof.ts';
import { rootOfRoots, SEGMENT_LEAVES, segmentRoot, streamingTree } from '../../src/merkle/tree.ts';
import { isLong } from '../kit/long.ts';

/** Every size is tried with SEALIFT_LONG=all; otherwise small ones, and those beside a multiple of 32. */
const SIZES = Array.from({ length: 601 }, (_, size) => size).filter(
  (size) => isLong('merkle sizes') || size <= 70 || (size + 1) % 32 <= 2 || size === 600,
);
const PROVED = isLong('merkle proofs') ? 70 : 34;
const leaves = Array.from({ length: 600 }, (_, index) => leafHash(Buffer.from(`leaf ${index}`)));

/** MTH of RFC 6962 §2.1, word by word. */
function recursiveRoot(part: Buffer[]): Buffer {
  if (part.length === 1 && part[0] !== undefined) return part[0];
  let split = 1;
  while (split * 2 < part.length) split *= 2;
  return nodeHash(recursiveRoot(part.slice(0, split)), recursiveRoot(part.slice(split)));
}

describe('the streaming tree', () => {
  it(`equals merkletreejs and the recursive definition for ${SIZES.length} sizes up to 600 leaves`, async () => {
    for (const size of SIZES) {
      const tree = streamingTree();
      tree.push(Buffer.concat(leaves.slice(0, size)));
      const { root, count } = await tree.finish();
      expect(count).toBe(size);
      if (size === 0) continue;
      expect(root.equals(merkleTree(leaves.slice(0, size)).getRoot())).toBe(true);
      expect(root.equals(recursiveRoot(leaves.slice(0, size)))).toBe(true);
    }
  });

  it('equals the recursive definition over several segments, however the leaves arrive', async () => {
    const many = Array.from({ length: 3 * SEGMENT_LEAVES + 77 }, (_, index) =>
      leafHash(Buffer.from(String(index))),
    );
    const expected = recursiveRoot(many);
    for (const step of [1, 1000, SEGMENT_LEAVES, 10_000, many.length]) {
      const tree = streamingTree();
      for (let start = 0; start < many.length; start += step) {
        tree.push(Buffer.concat(many.slice(start, start + step)));
      }
      const { root, segments } = await tree.finish();
      expect(segments).toHaveLength(4);
      expect(root.equals(expected)).toBe(true);
      expect(merkleTree(segments).getRoot().equals(expected)).toBe(true);
    }
  });

  it('changes with any leaf and with the order of leaves', () => {
    const base = segmentRoot(Buffer.concat(leaves), 600);
    const swapped = [...leaves.slice(1, 2), ...leaves.slice(0, 1), ...leaves.slice(2)];
    expect(segmentRoot(Buffer.concat(swapped), 600).equals(base)).toBe(false);
    expect(segmentRoot(Buffer.concat(leaves.slice(1)), 599).equals(base)).toBe(false);
  });

  it('hashes a leaf in place without changing the buffer', () => {
    const buffer = Buffer.from('xrecord\n');
    const target = Buffer.alloc(32);
    packedLeafHash(buffer, 1, 7, target, 0);
    expect(target.equals(leafHash(Buffer.from('record')))).toBe(true);
    expect(buffer.toString()).toBe('xrecord\n');
  });
});

describe('inclusion proofs', () => {
  it(`prove every leaf of trees of 1 to ${PROVED} leaves, and nothing else`, () => {
    for (let size = 1; size <= PROVED; size += 1) {
      const part = leaves.slice(0, size);
      const root = rootOfRoots(part);
      const paths = auditPaths(part);
      for (const [index, leaf] of part.entries()) {
        const path = paths[index] ?? [];
        expect(verifyInclusion(leaf, index, size, path, root)).toBe(true);
        expect(verifyInclusion(leaf, index + 1, size, path, root)).toBe(false);
        expect(verifyInclusion(leaf, index, size, [...path, root], root)).toBe(false);
      }
    }
  });
});
