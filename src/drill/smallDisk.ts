/**
 * A small file system in memory, which can be filled without harm. It is checked to be one before
 * it is filled, as the folder is on a real disk again if it has been unmounted.
 */

import { spawnSync } from 'node:child_process';
import {
  closeSync,
  fstatSync,
  fsyncSync,
  lstatSync,
  openSync,
  rmSync,
  statfsSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';

import { Failure } from '../outcome/failure.ts';

/** Name of the folder, in a shadow, where the small disk is mounted. */
export const SMALL_DISK = 'full-disk';

/**
 * Mounts `bytes` of memory at `folder`; false if the system or the user's rights do not allow it.
 */
export function mountSmallDisk(folder: string, bytes: number): boolean {
  const options = `size=${bytes},mode=0700,nosuid,nodev,noexec`;
  return ran('mount', ['-t', 'tmpfs', '-o', options, 'sealift-drill', folder]);
}

const ATTEMPTS = 60;
const PAUSE_MS = 50;

/**
 * Unmounts the disk; false if there was none, or it is still in use after three seconds. A run that
 * was just killed may use it for a moment.
 */
export function unmountSmallDisk(folder: string): boolean {
  for (let attempt = 1; isMounted(folder); attempt += 1) {
    if (ran('umount', [folder])) return true;
    if (attempt === ATTEMPTS) return false;
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, PAUSE_MS);
  }
  return false;
}

/** Returns whether a file system is mounted at this folder; links are not followed. */
function isMounted(folder: string): boolean {
  const stat = lstatSync(folder, { throwIfNoEntry: false });
  return stat?.isDirectory() === true && stat.dev !== lstatSync(dirname(folder)).dev;
}

function ran(command: string, args: readonly string[]): boolean {
  return spawnSync(command, args, { stdio: 'ignore' }).status === 0;
}

/** Name of the file that fills the disk. */
const BALLAST = 'ballast';
const CHUNK = 1024 * 1024;

/**
 * Fills the small disk in `folder` until at most `free` bytes are left.
 * @throws Failure DISK if none is mounted there, before anything is written
 */
export function fillDisk(folder: string, free: number): void {
  const file = openSync(join(folder, BALLAST), 'wx', 0o600);
  try {
    // While the file is open, its disk cannot be unmounted.
    if (fstatSync(file).dev === lstatSync(dirname(folder)).dev) throw notSmall(folder);
    const { bavail, bsize } = statfsSync(folder);
    let left = bavail * bsize - free;
    const zeros = Buffer.alloc(CHUNK);
    while (left > 0) left -= writeSync(file, zeros, 0, Math.min(CHUNK, left));
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

function notSmall(folder: string): Failure {
  return new Failure('DISK', {
    what: 'the small disk of the drill is no longer mounted, so nothing was filled',
    where: folder,
    hint: 'find out what unmounted it, then run again',
  });
}

/** Frees the space that {@link fillDisk} took. */
export function emptyDisk(folder: string): void {
  rmSync(join(folder, BALLAST), { force: true });
}
