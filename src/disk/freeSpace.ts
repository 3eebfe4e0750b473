/** Free space of disks, checked before the first write, so that a long run does not fail late. */

import { statfsSync, type StatsFs } from 'node:fs';

import { byteCount } from '../outcome/byteCount.ts';
import { Failure } from '../outcome/failure.ts';
import { systemCode } from './errors.ts';

/** Reads the statistics of a folder's file system. */
export type AskDisk = (folder: string) => Pick<StatsFs, 'type' | 'bsize' | 'bfree' | 'bavail'>;

/** Magic numbers of btrfs, ZFS, bcachefs and F2FS, which may compress what is written. */
const COMPRESSING: ReadonlySet<number> = new Set([0x9123683e, 0x2fc12fc1, 0xca451a4e, 0xf2f52010]);

/** Returns the free bytes on the disk of a folder; null if unknown, or if the disk compresses. */
export function freeBytes(folder: string, ask: AskDisk = statfsSync): number | null {
  const disk = answerOf(folder, ask);
  if (disk === null || COMPRESSING.has(disk.type)) return null;
  // Reserved blocks are available to root only.
  return disk.bsize * (process.getuid?.() === 0 ? disk.bfree : disk.bavail);
}

function answerOf(folder: string, ask: AskDisk): ReturnType<AskDisk> | null {
  try {
    return ask(folder);
  } catch (error) {
    // The write that follows reports a more specific error.
    if (systemCode(error) === null) throw error;
    return null;
  }
}

/** Purpose of the space, for the message. */
export interface SpaceNeed {
  /** One clause; the numbers follow it. */
  readonly what: string;
  readonly hint: string;
}

/**
 * Fails if fewer than `least` bytes are free. `least` is a lower bound of what the write takes, so
 * that no write that fits is refused.
 * @throws Failure DISK
 */
export function assertFreeSpace(
  folder: string,
  least: number,
  { what, hint }: SpaceNeed,
  ask: AskDisk = statfsSync,
): void {
  const free = freeBytes(folder, ask);
  if (free === null || least <= free) return;
  const numbers = `at least ${byteCount(least)} are needed, ${byteCount(free)} are free`;
  throw new Failure('DISK', { what: `${what}: ${numbers}`, where: folder, hint });
}
