/**
 * Paths that lead over no link. Each folder on the way is opened by itself, from the one before, and what
 * is to be done is done in the folder that is open: whoever swaps a name for a link meanwhile leads nobody
 * anywhere. Such a path has to be a real one to begin with. The last name is not followed either. Where the
 * system does not show what a process has open, names are all there is.
 */

import {
  closeSync,
  constants,
  existsSync,
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

const OPEN = '/proc/self/fd';
const ABLE: boolean = process.platform === 'linux' && existsSync(OPEN);
/** Of Linux; a folder that may be passed, but not be read, can be opened with it. */
const O_PATH = 0o10000000;
const PASS: number = O_PATH | constants.O_DIRECTORY | constants.O_NOFOLLOW;
const BEGIN = /^(?:\/proc\/self\/fd\/\d+)?/;

/** Runs `work` with a path to `folder` that leads there whatever happens to its name. */
export function inFolder<T>(folder: string, work: (at: string) => T): T {
  const path = resolve(folder);
  if (!ABLE) return work(path);
  const file = openFolder(path);
  try {
    return work(`${OPEN}/${file}`);
  } finally {
    closeSync(file);
  }
}

/** Runs `work` with a path to the same place, of which only the last name can be swapped. */
export function inPlace<T>(path: string, work: (at: string) => T): T {
  return inFolder(dirname(resolve(path)), (at) => work(join(at, basename(path))));
}

/** Descriptor of a folder, fit for passing through it only. */
function openFolder(path: string): number {
  const [begin = ''] = BEGIN.exec(path) ?? [];
  let file = openSync(begin === '' ? '/' : begin, O_PATH | constants.O_DIRECTORY);
  for (const name of path.slice(begin.length).split('/')) {
    if (name === '') continue;
    const before = file;
    try {
      file = openSync(`${OPEN}/${before}/${name}`, PASS);
    } finally {
      closeSync(before);
    }
  }
  return file;
}

/** Opens a file; fails where it is a link, or lies behind one. */
export function openNoLinks(path: string, flags: number, mode?: number): number {
  return inPlace(path, (at) => openSync(at, flags | constants.O_NOFOLLOW, mode));
}

/** The same, for a file that is written without waiting. */
export async function openHandleNoLinks(
  path: string,
  flags: number,
  mode?: number,
): Promise<FileHandle> {
  if (!ABLE) return open(path, flags | constants.O_NOFOLLOW, mode);
  const folder = openFolder(dirname(resolve(path)));
  try {
    const at = `${OPEN}/${folder}/${basename(path)}`;
    return await open(at, flags | constants.O_NOFOLLOW, mode);
  } finally {
    closeSync(folder);
  }
}

/** What is in a folder. */
export function entriesOf(folder: string): Dirent[] {
  return inFolder(folder, (at) => readdirSync(at, { withFileTypes: true }));
}

/** What stands at a path; undefined where nothing does. */
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

/** Removes what stands at a path, with all that is in it; a link as a link. */
export function remove(path: string): void {
  if (statOf(path) === undefined) return;
  inPlace(path, (at) => {
    rmSync(at, { recursive: true, force: true, maxRetries: 3 });
  });
}

/** Removes a file or a link, if there is one. */
export function removeFile(path: string): void {
  if (statOf(path) === undefined) return;
  inPlace(path, (at) => {
    rmSync(at, { force: true });
  });
}

/** Makes a folder whose name begins like this, and is nobody's yet. */
export function makeTemporary(prefix: string): string {
  const made = inPlace(prefix, (at) => mkdtempSync(at));
  return join(dirname(resolve(prefix)), basename(made));
}

/** The real path of a folder that need not be there yet. */
export function realFolder(folder: string): string {
  const path = resolve(folder);
  try {
    return realpathSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || dirname(path) === path) return path;
    return join(realFolder(dirname(path)), basename(path));
  }
}
