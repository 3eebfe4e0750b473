/**
 * Durable writes: a file counts as written when it and every folder above it, up to the one that
 * was there before, have been synced. A sync that failed is never tried again: the kernel may have
 * dropped the pages and report success the second time.
 */

import {
  closeSync,
  constants,
  fchmodSync,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';

import { systemCode } from './errors.ts';
import {
  inFolder,
  inPlace,
  openHandleNoLinks,
  openNoLinks,
  removeFile,
  statOf,
} from './noLinks.ts';

/** Candidates hold production data: nobody but the owner reads them. */
export const PRIVATE_FILE = 0o600;
export const PRIVATE_FOLDER = 0o700;

/** Creates a folder (parents included) that only the owner can enter. */
export function makeFolder(path: string): void {
  try {
    makeNewFolder(path);
  } catch (error) {
    const code = systemCode(error);
    if (code === 'ENOENT' && dirname(path) !== path) {
      makeFolder(dirname(path));
      makeFolder(path);
    } else if (code !== 'EEXIST' || statOf(path)?.isDirectory() !== true) throw error;
  }
}

/** Creates a folder that only the owner can enter; fails where anything is there already. */
export function makeNewFolder(path: string): void {
  inPlace(path, (at) => mkdirSync(at, { mode: PRIVATE_FOLDER }));
}

/** Flags of a file that must not be there yet. */
const NEW_FILE: number = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL;

/** Opens a new file for writing; fails where anything is there already, a link included. */
export function createFile(path: string): number {
  return openNoLinks(path, NEW_FILE, PRIVATE_FILE);
}

/**
 * Bytes of one write. Larger ones make the page cache look for large stretches of memory, which are
 * those that nobody has touched for long: ten times slower where a hypervisor has to fetch them.
 */
const PIECE = 64 * 1024;

/** Writes all of `bytes`: a single write may take less. */
export function writeAll(file: number, bytes: Uint8Array, position: number | null = null): void {
  let done = 0;
  while (done < bytes.length) {
    const at = position === null ? null : position + done;
    done += writeSync(file, bytes, done, Math.min(PIECE, bytes.length - done), at);
  }
}

/** Creates a file with this content and syncs it. */
export function writeFileDurably(path: string, content: string | Uint8Array): void {
  const file = createFile(path);
  try {
    writeAll(file, typeof content === 'string' ? Buffer.from(content) : content);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/**
 * The same without waiting: resolves when it is on the disk. Files that are synced at the same time share
 * the work of the disk, which counts where there are thousands.
 */
export async function writeFileSynced(path: string, content: string | Uint8Array): Promise<void> {
  const file = await openHandleNoLinks(path, NEW_FILE, PRIVATE_FILE);
  try {
    writeAll(file.fd, typeof content === 'string' ? Buffer.from(content) : content);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Syncs a folder's entries. */
export function syncFolder(path: string): void {
  const folder = openSync(path, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}

/** Syncs the entries of a folder and of all folders in it, innermost first. */
export function syncFolders(path: string): void {
  for (const entry of readdirSync(path, { withFileTypes: true })) {
    if (entry.isDirectory()) syncFolders(join(path, entry.name));
  }
  syncFolder(path);
}

/** What a link points to, as it is written; null where there is nothing; else 'not a link'. */
export function linkState(path: string): { target: string } | 'absent' | 'occupied' {
  try {
    return inPlace(path, (at) =>
      lstatSync(at).isSymbolicLink() ? { target: readlinkSync(at) } : 'occupied',
    );
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return 'absent';
    throw error;
  }
}

/**
 * Points `link` to `target` (relative to the link's folder) in one step: whoever reads sees the old
 * target or the new one. Durable when it returns; where it throws, the link leads where it led before
 * (unless the disk refuses that, too).
 */
export function swapLink(link: string, target: string): void {
  const before = linkState(link);
  replaceLink(link, target);
  try {
    syncFolder(dirname(link));
  } catch (error) {
    // Whether the swap survives a power cut is not known, so it does not count as done.
    attempt(() => {
      if (before === 'absent') removeFile(link);
      else if (before !== 'occupied') replaceLink(link, before.target);
    });
    throw error;
  }
}

function replaceLink(link: string, target: string): void {
  inFolder(dirname(link), (at) => {
    const fresh = join(at, `.${basename(link)}.new`);
    rmSync(fresh, { force: true });
    symlinkSync(target, fresh);
    try {
      renameSync(fresh, join(at, basename(link)));
    } catch (error) {
      attempt(() => rmSync(fresh, { force: true }));
      throw error;
    }
  });
}

/**
 * Cleans up as far as the disk lets it: what went wrong before, or that all is done, is what counts,
 * and the next run cleans up what is left.
 */
export function attempt(cleanUp: () => void): void {
  try {
    cleanUp();
  } catch (error) {
    if (systemCode(error) === null) throw error;
  }
}

/**
 * Writes a file under a name beside it and renames it into place: whoever reads sees the old content
 * or the new, whole. It gets the permissions `mode`; where that is left out, it keeps those of the file that
 * was there, or gets the user's usual ones. Nobody else reads it while it is written; a run that is killed
 * leaves nothing but the hidden file, which the next one removes. Durable when it returns.
 */
export function replaceFile(path: string, content: Iterable<Uint8Array>, mode?: number): void {
  const fresh = join(dirname(path), `.${basename(path)}.new`);
  rmSync(fresh, { force: true });
  const before = lstatSync(path, { throwIfNoEntry: false });
  const kept = before?.isFile() === true ? before.mode & 0o777 : undefined;
  const wanted = mode ?? kept;
  const file = openSync(fresh, 'wx', wanted === undefined ? undefined : PRIVATE_FILE);
  try {
    try {
      if (wanted !== undefined) fchmodSync(file, wanted);
      for (const chunk of content) writeAll(file, chunk);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(fresh, path);
  } catch (error) {
    attempt(() => rmSync(fresh, { force: true }));
    throw error;
  }
  syncFolder(dirname(path));
}
