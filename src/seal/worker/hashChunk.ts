/** Computes leaves and line ends of a chunk of a data file, and the blobs its records refer to. */

import { DIGEST_LENGTH, packedLeafHash } from '../../merkle/hash.ts';
import { LINE_HASHES, type HashChunkInput, type HashedChunk } from '../calls.ts';
import { lineEnds, readChunk } from '../readChunk.ts';

const DIGEST = /^[0-9a-f]{64}$/;

/** Hashes the lines that begin in a chunk. */
export function hashChunk(input: HashChunkInput): HashedChunk {
  const { data, unterminated, endless } = readChunk(input, input.buffer);
  const { hashes } = input;
  const ends = lineEnds(
    data,
    new Uint32Array(hashes, 0, Math.floor(hashes.byteLength / LINE_HASHES)),
  );
  const size = ends.length * DIGEST_LENGTH;
  const leaves =
    ends.buffer === hashes
      ? Buffer.from(hashes, ends.byteLength, size)
      : Buffer.allocUnsafeSlow(size);
  let start = 1;
  for (const [line, end] of ends.entries()) {
    packedLeafHash(data, start, end, leaves, line * DIGEST_LENGTH);
    start = end + 1;
  }
  const blobs = namedBlobs(data, ends, input.blobFields);
  return { data, leaves, ends, unterminated, endless, blobs };
}

/** Returns the digests in the blob fields of the records, each once; skips other lines. */
function namedBlobs(data: Buffer, ends: Uint32Array, fields: readonly string[]): string[] {
  const named = new Set<string>();
  if (fields.length === 0) return [];
  let start = 1;
  for (const end of ends) {
    const record = parsed(data.subarray(start, end));
    for (const field of fields) {
      const sha256 = (record?.[field] as { sha256?: unknown } | null | undefined)?.sha256;
      if (typeof sha256 === 'string' && DIGEST.test(sha256)) named.add(sha256);
    }
    start = end + 1;
  }
  return [...named];
}

function parsed(line: Buffer): Record<string, unknown> | null {
  try {
    return JSON.parse(line.toString('utf8')) as Record<string, unknown> | null;
  } catch {
    return null;
  }
}
