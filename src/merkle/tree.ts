/**
 * The tree of RFC 6962 §2.1 over a stream of leaves, in bounded memory: segments of 4,096 leaves
 * are reduced in one buffer; their roots are nodes of the tree.
 */

import { DIGEST_LENGTH, EMPTY_ROOT, nodeHash, packedNodeHash } from './hash.ts';

/** Leaves of a segment: a power of two, so that a full segment's root is a node of the tree. */
export const SEGMENT_LEAVES = 4096;

/** Returns the root of up to 4,096 packed leaf hashes. Overwrites `leaves`. */
export function segmentRoot(leaves: Buffer, count: number): Buffer {
  if (count === 0) return EMPTY_ROOT;
  let width = count;
  while (width > 1) {
    const pairs = width >> 1;
    for (let index = 0; index < pairs; index += 1) {
      packedNodeHash(leaves, index * 2 * DIGEST_LENGTH, leaves, index * DIGEST_LENGTH);
    }
    // A node without a sibling moves up unchanged.
    if (width % 2 === 1) {
      leaves.copyWithin(pairs * DIGEST_LENGTH, (width - 1) * DIGEST_LENGTH, width * DIGEST_LENGTH);
    }
    width = pairs + (width % 2);
  }
  // In memory of its own, as it is kept, or sent to another thread: small buffers share a pool of many KiB,
  // which would be kept, or copied, with each of them.
  const root = Buffer.alloc(DIGEST_LENGTH);
  leaves.copy(root, 0, 0, DIGEST_LENGTH);
  return root;
}

/** Returns the root over roots of complete subtrees of equal size; the last may be smaller. */
export function rootOfRoots(roots: readonly Uint8Array[]): Buffer {
  if (roots.length === 0) return EMPTY_ROOT;
  let level: Buffer[] = roots.map((root) => Buffer.from(root));
  while (level.length > 1) {
    const above: Buffer[] = [];
    for (let index = 0; index + 1 < level.length; index += 2) {
      above.push(nodeHash(level[index] ?? EMPTY_ROOT, level[index + 1] ?? EMPTY_ROOT));
    }
    const last = level.at(-1);
    if (level.length % 2 === 1 && last !== undefined) above.push(last);
    level = above;
  }
  return level[0] ?? EMPTY_ROOT;
}

/**
 * Reduces `count` packed leaf hashes to their root. An asynchronous one has to copy them first, as
 * the buffer is reused. Its errors surface in {@link StreamingTree.finish}.
 */
export type ReduceSegment = (leaves: Buffer, count: number) => Buffer | Promise<Buffer>;

export interface StreamingTree {
  /** Adds leaf hashes, packed 32 bytes each, in order. */
  push(leaves: Uint8Array): void;
  /** Ends the stream; throws if a reduction failed. */
  finish(): Promise<FinishedTree>;
}

interface FinishedTree {
  readonly count: number;
  readonly root: Buffer;
  readonly segments: Buffer[];
}

/** Starts a tree over a stream of leaf hashes. Memory: one segment, and 32 bytes a segment. */
export function streamingTree(reduce: ReduceSegment = segmentRoot): StreamingTree {
  const segment = Buffer.alloc(SEGMENT_LEAVES * DIGEST_LENGTH);
  const roots: Promise<Buffer>[] = [];
  let filled = 0;
  let count = 0;
  const close = (): void => {
    const root = Promise.resolve(reduce(segment, filled / DIGEST_LENGTH));
    root.catch(() => {});
    roots.push(root);
    filled = 0;
  };
  return {
    push(leaves) {
      let offset = 0;
      while (offset < leaves.length) {
        const taken = Math.min(leaves.length - offset, segment.length - filled);
        segment.set(leaves.subarray(offset, offset + taken), filled);
        filled += taken;
        offset += taken;
        if (filled === segment.length) close();
      }
      count += leaves.length / DIGEST_LENGTH;
    },
    async finish() {
      if (filled > 0) close();
      const segments = await Promise.all(roots);
      return { count, root: rootOfRoots(segments), segments };
    },
  };
}
