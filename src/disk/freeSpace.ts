/**
 * Whether a disk has room for what is about to be written. It is asked before the first byte, so that
 * nobody waits an hour for a disk that was too small from the start.
 */

import { statfsSync, type StatsFs } from 'node:fs';

import { byteCount } from '../outcome/byteCount.ts';
import { Failure } from '../outcome/failure.ts';
import { systemCode } from './errors.ts';

/** What a file system says of itself. */
export type AskDisk = (folder: string) => Pick<StatsFs, 'type' | 'bsize' | 'bfree' | 'bavail'>;

/** The magic numbers of btrfs, ZFS, bcachefs and F2FS: what they compress takes less than its bytes. */
const COMPRESSING: ReadonlySet<number> = new Set([0x9123683e, 0x2fc12fc1, 0xca451a4e, 0xf2f52010]);

/** Bytes that may still be written to the disk of a folder; null where they do not tell what fits. */
export function freeBytes(folder: string, ask: AskDisk = statfsSync): number | null {
  const disk = answerOf(folder, ask);
  if (disk === null || COMPRESSING.has(disk.type)) return null;
  // What is kept in reserve is there for root alone.
  return disk.bsize * (process.getuid?.() === 0 ? disk.bfree : disk.bavail);
}

function answerOf(folder: string, ask: AskDisk): ReturnType<AskDisk> | null {
  try {
    return ask(folder);
  } catch (error) {
    // What it is needed for says better what is wrong with the folder.
    if (systemCode(error) === null) throw error;
    return null;
  }
}

/** What the room is for, and how to get some. */
export interface RoomFor {
  /** A clause; the numbers follow it. */
  readonly what: string;
  readonly hint: string;
}

/**
 * Refuses what cannot fit: `least` are the bytes that it takes whatever happens, so that nothing is
 * refused that would have had room.
 * @throws Failure DISK
 */
export function assertRoom(
  folder: string,
  least: number,
  { what, hint }: RoomFor,
  ask: AskDisk = statfsSync,
): void {
  const free = freeBytes(folder, ask);
  if (free === null || least <= free) return;
  const numbers = `at least ${byteCount(least)} are needed, ${byteCount(free)} are free`;
  throw new Failure('DISK', { what: `${what}: ${numbers}`, where: folder, hint });
}
