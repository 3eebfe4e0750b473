/**
 * Private folders for temporary files, outside of any project. Records may be in them, so none is
 * left behind: whoever opened one drops it, and what a killed process could not drop, the next one
 * does. Each has a lock, which the operating system frees with its process.
 */

import { lstatSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import { diskFailure } from './errors.ts';
import { acquireLock, acquireLockPatiently, type Holder } from './lock.ts';

export interface Scratch {
  readonly path: string;
  /** Removes it with all that is in it; may be called twice. */
  readonly drop: () => void;
}

const PREFIX = 'sealift-scratch-';
const PATIENCE_MS = 2000;

/** A new folder in `parent`, such as the system's for temporary files. @throws Failure DISK */
export function openScratch(parent: string, holder: Holder): Scratch {
  try {
    dropDead(parent, holder);
    const path = mkdtempSync(join(parent, PREFIX));
    // Somebody who looks for dead ones may hold it for a moment.
    const lock = acquireLockPatiently(path, holder, PATIENCE_MS);
    let open = true;
    return {
      path,
      drop() {
        if (!open) return;
        open = false;
        lock.release();
        rmSync(path, { recursive: true, force: true, maxRetries: 3 });
      },
    };
  } catch (error) {
    throw diskFailure(error, parent);
  }
}

/** Removes what killed processes of this user have left; leaves alone what it may not remove. */
function dropDead(parent: string, holder: Holder): void {
  for (const entry of readdirSync(parent, { withFileTypes: true })) {
    if (!entry.name.startsWith(PREFIX) || !entry.isDirectory()) continue;
    const path = join(parent, entry.name);
    try {
      if (lstatSync(path).uid !== process.getuid?.()) continue;
      // Without its lock it is about to be locked, and empty.
      if (readdirSync(path).every((name) => name.startsWith('.lock'))) continue;
      acquireLock(path, holder).release();
      rmSync(path, { recursive: true, force: true, maxRetries: 3 });
    } catch {
      // It is somebody's, or goes with a later run.
    }
  }
}
