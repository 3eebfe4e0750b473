/**
 * Path operations that never follow symbolic links. Each folder is opened relative to its parent
 * (as by openat), so replacing a component with a link during the operation has no effect. The path
 * has to be free of links to begin with; the last name is not followed either. Without
 * `/proc/self/fd`, plain paths are used.
 */

import {
  closeSync,
  constants,
  existsSync,
  fchmodSync,
  lstatSync,
  mkdtempSync,
  openSync,
  readdirSync,
  realpathSync,
  renameSync,
  rmSync,
  type Dirent,
  type Stats,
} from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';

const PROC_FD = '/proc/self/fd';
const HAS_PROC_FD: boolean = process.platform === 'linux' && existsSync(PROC_FD);
/** Linux: opens a folder that the user may pass through but not read. */
const O_PATH = 0o10000000;
const PASS_THROUGH: number = O_PATH | constants.O_DIRECTORY | constants.O_NOFOLLOW;
const PROC_FD_PREFIX = /^(?:\/proc\/self\/fd\/\d+)?/;

/** Runs `work` with a path to `folder` that stays valid if the folder's name is replaced. */
export function inFolder<T>(folder: string, work: (at: string) => T): T {
  const path = resolve(folder);
  if (!HAS_PROC_FD) return work(path);
  const file = openFolder(path);
  try {
    return work(`${PROC_FD}/${file}`);
  } finally {
    closeSync(file);
  }
}

/** Runs `work` with an equivalent path, of which only the last name can be replaced. */
export function inPlace<T>(path: string, work: (at: string) => T): T {
  return inFolder(dirname(resolve(path)), (at) => work(join(at, basename(path))));
}

/** Opens a folder for passing through it; returns its descriptor. */
function openFolder(path: string): number {
  const [prefix = ''] = PROC_FD_PREFIX.exec(path) ?? [];
  let file = openSync(prefix === '' ? '/' : prefix, O_PATH | constants.O_DIRECTORY);
  for (const name of path.slice(prefix.length).split('/')) {
    if (name === '') continue;
    const before = file;
    try {
      file = openSync(`${PROC_FD}/${before}/${name}`, PASS_THROUGH);
    } finally {
      closeSync(before);
    }
  }
  return file;
}

/** Opens a file; fails if it is a link, or if its path contains one. */
export function openNoLinks(path: string, flags: number, mode?: number): number {
  return inPlace(path, (at) => openSync(at, flags | constants.O_NOFOLLOW, mode));
}

/** Asynchronous {@link openNoLinks}. */
export async function openHandleNoLinks(
  path: string,
  flags: number,
  mode?: number,
): Promise<FileHandle> {
  if (!HAS_PROC_FD) return open(path, flags | constants.O_NOFOLLOW, mode);
  const folder = openFolder(dirname(resolve(path)));
  try {
    const at = `${PROC_FD}/${folder}/${basename(path)}`;
    return await open(at, flags | constants.O_NOFOLLOW, mode);
  } finally {
    closeSync(folder);
  }
}

/** Lists a folder. */
export function entriesOf(folder: string): Dirent[] {
  return inFolder(folder, (at) => readdirSync(at, { withFileTypes: true }));
}

/** Returns the status of a path, links not followed; undefined if it does not exist. */
export function statOf(path: string): Stats | undefined {
  try {
    return inPlace(path, (at) => lstatSync(at, { throwIfNoEntry: false }));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

export function rename(from: string, to: string): void {
  inPlace(from, (old) => {
    inPlace(to, (fresh) => {
      renameSync(old, fresh);
    });
  });
}

/** How often a folder is removed that another process removes at the same time. */
const ATTEMPTS = 20;

/** Removes a file, a link, or a folder with its content, even a read-only one, if it exists. */
export function remove(path: string): void {
  for (let attempt = 1; statOf(path) !== undefined; attempt += 1) {
    try {
      inPlace(path, removeAll);
      return;
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      // Two processes may remove the temporary files of one that has ended.
      if (code === 'ENOENT' && attempt < ATTEMPTS) continue;
      if (code !== 'EACCES' || attempt === ATTEMPTS) throw error;
      makeWritable(path);
    }
  }
}

function removeAll(at: string): void {
  rmSync(at, { recursive: true, force: true, maxRetries: 3 });
}

/** Makes the folders below a path writable for their owner: only from such can files be removed. */
function makeWritable(path: string): void {
  if (statOf(path)?.isDirectory() !== true) return;
  const folder = openNoLinks(path, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    fchmodSync(folder, 0o700);
  } finally {
    closeSync(folder);
  }
  for (const { name } of entriesOf(path)) makeWritable(join(path, name));
}

/** Removes a file or a link, if it exists. */
export function removeFile(path: string): void {
  if (statOf(path) === undefined) return;
  inPlace(path, (at) => {
    rmSync(at, { force: true });
  });
}

/** Creates a folder with a new name that begins with `prefix`. */
export function makeTemporary(prefix: string): string {
  const made = inPlace(prefix, (at) => mkdtempSync(at));
  return join(dirname(resolve(prefix)), basename(made));
}

/** Resolves links in the path of a folder that need not exist yet. */
export function realFolder(folder: string): string {
  const path = resolve(folder);
  try {
    return realpathSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || dirname(path) === path) return path;
    return join(realFolder(dirname(path)), basename(path));
  }
}
