/**
 * Temporary files without a name: removed from their folder as soon as they are open, so that the
 * operating system takes them back with the process, however it ends. All threads of the process
 * may append to one.
 */

import { constants } from 'node:fs';
import { join } from 'node:path';

import { makeFolder, PRIVATE_FILE, writeAll } from './durable.ts';
import { diskFailure } from './errors.ts';
import { makeTemporary, openNoLinks, remove } from './noLinks.ts';

/** What a thread has to know of a file to append to it; crosses threads by structured clone. */
export interface NamelessFile {
  /** The descriptor, which belongs to the thread that has opened it. */
  readonly file: number;
  /** One BigInt64: where the next bytes go. */
  readonly end: SharedArrayBuffer;
  /** Where the file was, for messages. */
  readonly folder: string;
}

/** Opens an empty file on the disk of `folder`, which is made where it is missing. */
export function openNameless(folder: string): NamelessFile {
  try {
    makeFolder(folder);
    const place = makeTemporary(join(folder, '.nameless-'));
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

/** Appends the bytes and returns where they begin. Other threads may append at the same time. */
export function appendNameless({ file, end, folder }: NamelessFile, bytes: Uint8Array): number {
  const at = Number(Atomics.add(new BigInt64Array(end), 0, BigInt(bytes.length)));
  try {
    writeAll(file, bytes, at);
  } catch (error) {
    throw diskFailure(error, folder);
  }
  return at;
}
