/** The content of blobs, verified while it is read: a blob that is not what its record says stops the load. */

import { createHash } from 'node:crypto';
import { join } from 'node:path';

import { Failure } from '../outcome/failure.ts';
import { readPieces } from '../seal/files.ts';
import { BLOBS_FOLDER } from '../seal/format.ts';
import type { ReadBlob } from '../target/target.ts';

/** Returns a reader of the blobs of a candidate. It throws a Failure CANDIDATE at the end of a wrong one. */
export function blobReader(folder: string): ReadBlob {
  return function* readBlob(module, sha256, size) {
    const path = join(folder, module, BLOBS_FOLDER, sha256);
    const digest = createHash('sha256');
    let bytes = 0;
    for (const piece of readPieces(path)) {
      digest.update(piece);
      bytes += piece.length;
      yield piece;
    }
    if (bytes === size && digest.digest('hex') === sha256) return;
    throw new Failure('CANDIDATE', {
      what: 'the content of a blob is not what its record says',
      where: path,
      hint: 'find out what changed it; build the candidate again with sealift migrate',
    });
  };
}
