/**
 * Durable writes: a file counts as written once it and every new folder above it have been synced.
 * A failed sync is never retried: the kernel may have dropped the pages, and report success the
 * second time.
 */

import {
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
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

/** Mode of files in a candidate: production data, which only the owner may read. */
export const PRIVATE_FILE = 0o600;
export const PRIVATE_FOLDER = 0o700;

/** Creates a folder (parents included) that only the owner can enter. */
export function makeFolder(path: string): void {
  try {
    makeOrFind(path);
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw error;
    if (statOf(dirname(path)) === undefined) makeFolder(dirname(path));
    // Tried again even where the parent is here: another process may have made it just now. A second
    // ENOENT counts, as file systems such as /proc refuse a new folder with it.
    makeOrFind(path);
  }
}

function makeOrFind(path: string): void {
  try {
    makeNewFolder(path);
  } catch (error) {
    if (systemCode(error) !== 'EEXIST' || statOf(path)?.isDirectory() !== true) throw error;
  }
}

/** Creates a folder that only the owner can enter; fails if the path exists. */
export function makeNewFolder(path: string): void {
  inPlace(path, (at) => mkdirSync(at, { mode: PRIVATE_FOLDER }));
}

/** Flags for opening a file that must not exist yet. */
export const NEW_FILE: number = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL;

/** Opens a new file for writing; fails if the path exists, even as a link. */
export function createFile(path: string): number {
  return openNoLinks(path, NEW_FILE, PRIVATE_FILE);
}

/**
 * Bytes of one write. Larger writes make the page cache allocate large blocks of memory that have
 * not been used for long: ten times slower if a hypervisor has to fetch them.
 */
const PIECE = 64 * 1024;

/** Writes all of `bytes`, in as many system calls as it takes. */
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
 * Asynchronous {@link writeFileDurably}. Files that are synced at the same time share the work of
 * the disk, which matters for thousands of them.
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

/** Asynchronous {@link syncFolder}, for many at the same time. */
export async function syncFolderShared(path: string): Promise<void> {
  const folder = await openHandleNoLinks(path, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/** Syncs the entries of a folder and of all folders in it, innermost first. */
export function syncFolders(path: string): void {
  for (const entry of readdirSync(path, { withFileTypes: true })) {
    if (entry.isDirectory()) syncFolders(join(path, entry.name));
  }
  syncFolder(path);
}

/** Reads a link's target as written; 'absent' if the path does not exist, 'occupied' if no link. */
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
 * Points `link` to `target` (relative to the link's folder) atomically: readers see the old target
 * or the new one. Durable when it returns. If it throws, the link has its old target again, unless
 * restoring fails as well.
 */
export function swapLink(link: string, target: string): void {
  const before = linkState(link);
  replaceLink(link, target);
  try {
    syncFolder(dirname(link));
  } catch (error) {
    // The swap may not survive a power cut, so it does not count as done.
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
 * Runs `cleanUp` and ignores its file system errors, so that they do not hide the result of the
 * work itself; the next run cleans up what is left.
 */
export function attempt(cleanUp: () => void): void {
  try {
    cleanUp();
  } catch (error) {
    if (systemCode(error) === null) throw error;
  }
}

export interface FileOwner {
  readonly uid: number;
  readonly gid: number;
}

/**
 * Replaces a file by writing a hidden one beside it and renaming that: readers see all of the old
 * content or all of the new. Permissions are `mode`, by default those of the old file, or the
 * user's usual ones. The hidden file is private; if the run is killed, the next one removes it.
 * With an owner, the file is theirs before it is seen. Durable when it returns.
 */
export function replaceFile(
  path: string,
  content: Iterable<Uint8Array>,
  mode?: number,
  owner?: FileOwner,
): void {
  const fresh = join(dirname(path), `.${basename(path)}.new`);
  rmSync(fresh, { force: true });
  const before = lstatSync(path, { throwIfNoEntry: false });
  const kept = before?.isFile() === true ? before.mode & 0o777 : undefined;
  const wanted = mode ?? kept;
  const file = openSync(fresh, 'wx', wanted === undefined ? undefined : PRIVATE_FILE);
  try {
    try {
      if (owner !== undefined) fchownSync(file, owner.uid, owner.gid);
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

/**
 * Returns the path of the draft of a file or folder that a user names, in the same folder. A draft
 * that a killed run has left over is removed without a question, so its name is one that only
 * Sealift gives.
 */
export function draftBeside(path: string): string {
  return join(dirname(path), `.sealift-${basename(path)}.new`);
}
