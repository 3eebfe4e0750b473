/**
 * Unlinked temporary files: removed from their folder as soon as they are open, so that the
 * operating system frees them when the process ends. All threads of the process may append to one.
 */

import { constants } from 'node:fs';
import { join } from 'node:path';

import { makeFolder, PRIVATE_FILE, writeAll } from './durable.ts';
import { diskFailure } from './errors.ts';
import { makeTemporary, openNoLinks, remove } from './noLinks.ts';

/** Handle for appending to a file; crosses threads by structured clone. */
export interface UnlinkedFile {
  /** Descriptor; the thread that opened the file closes it. */
  readonly file: number;
  /** One BigInt64: the offset at which the next bytes are written. */
  readonly end: SharedArrayBuffer;
  /** Folder of the file, for messages. */
  readonly folder: string;
}

/** Opens an empty file on the disk of `folder`, which is created if missing. */
export function openUnlinked(folder: string): UnlinkedFile {
  try {
    makeFolder(folder);
    const place = makeTemporary(join(folder, '.unlinked-'));
    try {
      const flags = constants.O_RDWR | constants.O_CREAT | constants.O_EXCL;
      const file = openNoLinks(join(place, 'file'), flags, PRIVATE_FILE);
      return { file, end: new SharedArrayBuffer(8), folder };
    } finally {
      remove(place);
    }
  } catch (error) {
    throw diskFailure(error, folder);
  }
}

/** Appends the bytes and returns their offset. Other threads may append at the same time. */
export function appendUnlinked({ file, end, folder }: UnlinkedFile, bytes: Uint8Array): number {
  const at = Number(Atomics.add(new BigInt64Array(end), 0, BigInt(bytes.length)));
  try {
    writeAll(file, bytes, at);
  } catch (error) {
    throw diskFailure(error, folder);
  }
  return at;
}
