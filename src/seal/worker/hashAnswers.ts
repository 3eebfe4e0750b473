/** Answers of worker threads to the calls that hash chunks, segments and whole files. */

import { DIGEST_LENGTH } from '../../merkle/hash.ts';
import { segmentRoot } from '../../merkle/tree.ts';
import { answer, type Answer } from '../../threads/call.ts';
import { asBuffer } from '../../threads/sharedBuffer.ts';
import { HASH_CHUNK, HASH_FILE, REDUCE_SEGMENT } from '../calls.ts';
import { hashChunk } from './hashChunk.ts';
import { hashFile } from './hashFile.ts';

const MORE = 1024 * 1024;

export const HASH_ANSWERS: readonly Answer[] = [
  answer(HASH_CHUNK, (input) => {
    const result = hashChunk(input);
    const { leaves, ends, data } = result;
    // A long line has a buffer of its own, which is transferred rather than copied.
    const own = data.buffer !== input.buffer && data.byteLength > MORE ? [data.buffer] : [];
    const hashes = leaves.buffer === input.hashes ? [] : [leaves.buffer, ends.buffer];
    return { result, transfer: [...hashes, ...own] as ArrayBuffer[] };
  }),
  answer(HASH_FILE, (path) => ({ result: hashFile(path) })),
  answer(REDUCE_SEGMENT, (leaves) => {
    leaves.set(segmentRoot(asBuffer(leaves), leaves.length / DIGEST_LENGTH));
    return { result: null };
  }),
];
