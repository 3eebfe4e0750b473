/**
 * The name of a snapshot: the number of lines of its journal, so that names ascend, and the SHA-256
 * of the archive, so that a damaged one is recognised.
 */

import { join } from 'node:path';

import { entriesOf, statOf } from '../disk/noLinks.ts';

const NAME = /^snapshot-(\d{6,15})-([0-9a-f]{64})\.tar$/;

export function snapshotName(lines: number, sha256: string): string {
  return `snapshot-${String(lines).padStart(6, '0')}-${sha256}.tar`;
}

/** Returns the SHA-256 in the name of a snapshot; null if it has another name. */
export function statedSha256(name: string): string | null {
  return NAME.exec(name)?.[2] ?? null;
}

/** Returns the path of the newest snapshot of a project; null if there is none. */
export function newestSnapshot(snapshots: string): string | null {
  if (statOf(snapshots)?.isDirectory() !== true) return null;
  const names = entriesOf(snapshots)
    .filter((entry) => entry.isFile() && NAME.test(entry.name))
    .map(({ name }) => name);
  const newest = names.sort((a, b) => linesOf(a) - linesOf(b)).at(-1);
  return newest === undefined ? null : join(snapshots, newest);
}

/** Returns the number of lines in the name of a snapshot. */
function linesOf(name: string): number {
  return Number(NAME.exec(name)?.[1]);
}
