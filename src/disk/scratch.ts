/**
 * Private folders for temporary files, outside of any project. Records may be in them, so none is
 * left behind: whoever opened one drops it, and what a killed process could not drop, the next one
 * does. Each has a lock, which the operating system frees with its process.
 */

import { realpathSync } from 'node:fs';
import { join } from 'node:path';

import { diskFailure } from './errors.ts';
import { acquireLock, acquireLockPatiently, type Holder } from './lock.ts';
import { entriesOf, makeTemporary, remove, statOf } from './noLinks.ts';

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
    // Its owner may have led there by a link; from there on there are none.
    const folder = realpathSync(parent);
    dropDead(folder, holder);
    const path = makeTemporary(join(folder, PREFIX));
    // Somebody who looks for dead ones may hold it for a moment.
    const lock = acquireLockPatiently(path, holder, PATIENCE_MS);
    let open = true;
    return {
      path,
      drop() {
        if (!open) return;
        open = false;
        lock.release();
        remove(path);
      },
    };
  } catch (error) {
    throw diskFailure(error, parent);
  }
}

/** Removes what killed processes of this user have left; leaves alone what it may not remove. */
function dropDead(parent: string, holder: Holder): void {
  for (const entry of entriesOf(parent)) {
    if (!entry.name.startsWith(PREFIX) || !entry.isDirectory()) continue;
    const path = join(parent, entry.name);
    try {
      if (statOf(path)?.uid !== process.getuid?.()) continue;
      // Without its lock it is about to be locked, and empty.
      if (entriesOf(path).every(({ name }) => name.startsWith('.lock'))) continue;
      acquireLock(path, holder).release();
      remove(path);
    } catch {
      // It is somebody's, or goes with a later run.
    }
  }
}
