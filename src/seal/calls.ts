/** What worker threads are asked for when a candidate is written or verified. Answered in `worker/`. */

import { defineCall, type Call } from '../threads/call.ts';
import type { FileChunk } from './readChunk.ts';

export interface HashChunkInput extends FileChunk {
  /** Fields that hold references to blobs. */
  readonly blobFields: readonly string[];
  /** Where the lines go; {@link chunkCapacity} says how large it has to be. */
  readonly buffer: SharedArrayBuffer;
}

export interface HashedChunk {
  /** One byte of padding, then whole lines: in the input's buffer, or apart if that was too small. */
  readonly data: Uint8Array;
  readonly leaves: Uint8Array;
  /** For each line the offset after its LF, counted without the padding. */
  readonly ends: Uint32Array;
  /** True when the file ends without LF, or a line is longer than one can be. */
  readonly unterminated: boolean;
  /** True when the last line is longer than one can be: it was not read. */
  readonly endless: boolean;
  /** Digests of the blobs that its records name. */
  readonly blobs: readonly string[];
}

/** Leaves and ends of the lines that begin in a chunk of a data file. */
export const HASH_CHUNK: Call<HashChunkInput, HashedChunk> = defineCall('hash-chunk');

/** Path → SHA-256 of the file's bytes in lower-case hex; null if it cannot be read. */
export const HASH_FILE: Call<string, string | null> = defineCall('hash-file');

/** The leaves of a segment, side by side → its root. */
export const REDUCE_SEGMENT: Call<Uint8Array, Uint8Array> = defineCall('reduce-segment');
