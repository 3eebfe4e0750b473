/** A small file system in memory, which can be filled without harm to anybody. */

import { spawnSync } from 'node:child_process';
import { closeSync, fsyncSync, openSync, rmSync, statfsSync, writeSync } from 'node:fs';
import { join } from 'node:path';

/** Mounts `bytes` of memory at `folder`; false where this system or this user may not. */
export function mountSmallDisk(folder: string, bytes: number): boolean {
  const options = `size=${bytes},mode=0700,nosuid,nodev,noexec`;
  return ran('mount', ['-t', 'tmpfs', '-o', options, 'sealift-drill', folder]);
}

/** Takes the mount away; false where there was none. */
export function unmountSmallDisk(folder: string): boolean {
  return ran('umount', [folder]);
}

function ran(command: string, args: readonly string[]): boolean {
  return spawnSync(command, args, { stdio: 'ignore' }).status === 0;
}

const BALLAST = 'ballast';
const CHUNK = 1024 * 1024;

/** Fills the disk until at most `free` bytes are left. */
export function fillDisk(folder: string, free: number): void {
  const { bavail, bsize } = statfsSync(folder);
  let left = bavail * bsize - free;
  const file = openSync(join(folder, BALLAST), 'w', 0o600);
  try {
    const zeros = Buffer.alloc(CHUNK);
    while (left > 0) left -= writeSync(file, zeros, 0, Math.min(CHUNK, left));
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/** Gives the space back. */
export function emptyDisk(folder: string): void {
  rmSync(join(folder, BALLAST), { force: true });
}
