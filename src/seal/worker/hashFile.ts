/** Hashes whole files. */

import { createHash } from 'node:crypto';
import { closeSync, constants, readSync } from 'node:fs';

import { systemCode } from '../../disk/errors.ts';
import { openNoLinks } from '../../disk/noLinks.ts';

const CHUNK = 1024 * 1024;

/** Returns the SHA-256 of a file, lower-case hex; null if it cannot be read. Follows no link. */
export function hashFile(path: string): string | null {
  try {
    return digestOf(openNoLinks(path, constants.O_RDONLY));
  } catch (error) {
    if (systemCode(error) === null) throw error;
    return null;
  }
}

/** Hashes the rest of an open file, and closes it. */
function digestOf(file: number): string {
  const digest = createHash('sha256');
  const chunk = Buffer.allocUnsafe(CHUNK);
  try {
    for (let read = -1; read !== 0;) {
      read = readSync(file, chunk, 0, chunk.length, null);
      digest.update(chunk.subarray(0, read));
    }
  } finally {
    closeSync(file);
  }
  return digest.digest('hex');
}
