/** Chunks are hashed alike in memory that is given and in memory of their own; roots keep only their bytes. */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

import { DIGEST_LENGTH, leafHash } from '../../src/merkle/hash.ts';
import { SEGMENT_LEAVES, streamingTree } from '../../src/merkle/tree.ts';
import { LINE_HASHES, type HashedChunk } from '../../src/seal/calls.ts';
import { chunkCapacity } from '../../src/seal/readChunk.ts';
import { reduceInPool } from '../../src/seal/reduceInPool.ts';
import { hashChunk } from '../../src/seal/worker/hashChunk.ts';
import { HASHING } from '../kit/inline.ts';
import { workFolder } from '../kit/project.ts';

const path = join(workFolder('hash-chunk'), 'data.ndjson');
const lines = Array.from({ length: 3000 }, (_, n) => `{"n":${n}}`);
writeFileSync(path, lines.map((line) => `${line}\n`).join(''));
const size = lines.reduce((bytes, line) => bytes + line.length + 1, 0);

function hashed(space: number): { chunk: HashedChunk; hashes: SharedArrayBuffer } {
  const buffer = new SharedArrayBuffer(chunkCapacity(size));
  const hashes = new SharedArrayBuffer(space);
  const chunk = hashChunk({ path, start: 0, end: size, blobFields: [], buffer, hashes });
  return { chunk, hashes };
}

describe('the hashes of a chunk', () => {
  it.each([
    ['fit', lines.length * LINE_HASHES, true],
    ['fit but for one line', (lines.length - 1) * LINE_HASHES, false],
    ['have no space', 0, false],
  ])('are the same where they %s', (_, space, isGiven) => {
    const { chunk, hashes } = hashed(space);
    expect(chunk.ends.buffer === hashes).toBe(isGiven);
    expect(chunk.leaves.buffer === hashes).toBe(isGiven);
    expect(chunk.ends).toHaveLength(lines.length);
    expect(chunk.ends.at(-1)).toBe(size);
    const leaves = Buffer.concat(lines.map((line) => leafHash(Buffer.from(line))));
    expect(Buffer.from(chunk.leaves).equals(leaves)).toBe(true);
  });
});

describe('the roots of segments', () => {
  it.each([
    ['in this thread', undefined],
    ['in a pool', reduceInPool(HASHING)],
  ])('that are hashed %s take the memory of their bytes', async (_, reduce) => {
    const tree = streamingTree(reduce);
    tree.push(new Uint8Array(3 * SEGMENT_LEAVES * DIGEST_LENGTH).fill(3));
    const { segments } = await tree.finish();
    expect(segments).toHaveLength(3);
    for (const { buffer } of segments) expect(buffer.byteLength).toBe(DIGEST_LENGTH);
    // As most small buffers are parts of a larger one, which lives as long as they do (negative control).
    expect(Buffer.from(new Uint8Array(DIGEST_LENGTH)).buffer.byteLength).toBeGreaterThan(1024);
  });
});
