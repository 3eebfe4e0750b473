/** Calls to worker threads for writing and verifying a candidate; `worker/` answers them. */

import { DIGEST_LENGTH } from '../merkle/hash.ts';
import { defineCall, type Call } from '../threads/call.ts';
import type { FileChunk } from './readChunk.ts';

export interface HashChunkInput extends FileChunk {
  /** Fields that hold references to blobs. */
  readonly blobFields: readonly string[];
  /** Receives the lines; its capacity is {@link chunkCapacity} of the chunk's length. */
  readonly buffer: SharedArrayBuffer;
  /** Receives ends and leaves if they fit: {@link LINE_HASHES} bytes a line. */
  readonly hashes: SharedArrayBuffer;
}

/** Bytes of the leaf and the end of a line. */
export const LINE_HASHES: number = DIGEST_LENGTH + Uint32Array.BYTES_PER_ELEMENT;

export interface HashedChunk {
  /**
   * One byte of padding, then whole lines: in the input's buffer, or apart if that was too small.
   */
  readonly data: Uint8Array;
  readonly leaves: Uint8Array;
  /** For each line the offset after its LF, counted without the padding. */
  readonly ends: Uint32Array;
  /** Whether the file ends without LF, or a line exceeds MAX_LINE. */
  readonly unterminated: boolean;
  /** Whether the last line exceeds MAX_LINE, so that it was not read. */
  readonly endless: boolean;
  /** Digests of the blobs that the records refer to. */
  readonly blobs: readonly string[];
}

/** Hashes the lines that begin in a chunk of a data file. */
export const HASH_CHUNK: Call<HashChunkInput, HashedChunk> = defineCall('hash-chunk');

/** Maps a path to the SHA-256 of the file in lower-case hex; null if it cannot be read. */
export const HASH_FILE: Call<string, string | null> = defineCall('hash-file');

/** Reduces the packed leaves of a segment, in shared memory, to its root, which replaces the first of them. */
export const REDUCE_SEGMENT: Call<Uint8Array, null> = defineCall('reduce-segment');
