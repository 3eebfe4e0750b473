/**
 * Files that appear whole or not at all, and never in the place of another: written and synced under a
 * temporary name, then linked to their own, which fails where something is there.
 */

import { closeSync, constants, linkSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import {
  makeFolder,
  NEW_FILE,
  PRIVATE_FILE,
  syncFolderShared,
  writeAll,
} from '../../disk/durable.ts';
import { systemCode } from '../../disk/errors.ts';
import { inPlace, openHandleNoLinks, openNoLinks, removeFile, statOf } from '../../disk/noLinks.ts';
import type { Scratch } from '../../disk/scratch.ts';

/** Names of temporary files that no one else gives. */
export interface Drafts {
  /** Writes a temporary file and syncs it; returns its path. */
  write(chunks: Iterable<Uint8Array>): Promise<string>;
  /** Removes a temporary file. */
  drop(path: string): void;
}

export function draftsIn(scratch: Scratch): Drafts {
  let next = 1;
  return {
    async write(chunks) {
      const path = join(scratch.path, `draft-${next}`);
      next += 1;
      const file = await openHandleNoLinks(path, NEW_FILE, PRIVATE_FILE);
      try {
        for (const chunk of chunks) writeAll(file.fd, chunk);
        // Files that are synced at the same time share the work of the disk.
        await file.sync();
      } catch (error) {
        removeFile(path);
        throw error;
      } finally {
        await file.close();
      }
      return path;
    },
    drop: removeFile,
  };
}

/** Gives a file a second name, durably; false if something has that name already. */
export async function linkNew(from: string, to: string): Promise<boolean> {
  try {
    inPlace(from, (old) => {
      inPlace(to, (fresh) => {
        linkSync(old, fresh);
      });
    });
  } catch (error) {
    if (systemCode(error) !== 'EEXIST') throw error;
    // The process that linked it may not have synced it yet.
    await syncFolderShared(dirname(to));
    return false;
  }
  await syncFolderShared(dirname(to));
  return true;
}

/** Creates the folder of a file, and syncs the folders above it that are new, up to `root`. */
export async function makeFolderOf(root: string, path: string): Promise<void> {
  const folder = dirname(path);
  if (statOf(folder) !== undefined) return;
  makeFolder(folder);
  for (let above = dirname(folder); above.length >= root.length; above = dirname(above)) {
    await syncFolderShared(above);
  }
}

/** Reads a small file; null if it is not there. */
export function readSmall(path: string): string | null {
  let file: number;
  try {
    file = openNoLinks(path, constants.O_RDONLY);
  } catch (error) {
    if (systemCode(error) === 'ENOENT' || systemCode(error) === 'ENOTDIR') return null;
    throw error;
  }
  try {
    return readFileSync(file, 'utf8');
  } finally {
    closeSync(file);
  }
}
