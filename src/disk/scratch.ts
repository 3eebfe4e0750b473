/**
 * Private folders for temporary files, outside of any project. They may hold records, so each is
 * removed by its process, or by a later one if that was killed. Each has a lock, which the
 * operating system releases when the process ends.
 */

import { realpathSync } from 'node:fs';
import { join } from 'node:path';

import { diskFailure } from './errors.ts';
import { acquireLock, acquireLockPatiently, type Holder } from './lock.ts';
import { entriesOf, makeTemporary, remove, statOf } from './noLinks.ts';

export interface Scratch {
  readonly path: string;
  /** Removes the folder with its content; may be called twice. */
  readonly drop: () => void;
}

const PREFIX = 'sealift-scratch-';
const PATIENCE_MS = 2000;

/** Creates a folder in `parent`, such as the system's temporary folder. @throws Failure DISK */
export function openScratch(parent: string, holder: Holder): Scratch {
  try {
    // The parent's own path may contain links; below it there are none.
    const folder = realpathSync(parent);
    dropDead(folder, holder);
    const path = makeTemporary(join(folder, PREFIX));
    // Another process that removes dead folders may hold the lock briefly.
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

/** Removes the folders of this user's killed processes; skips those that it cannot remove. */
function dropDead(parent: string, holder: Holder): void {
  for (const entry of entriesOf(parent)) {
    if (!entry.name.startsWith(PREFIX) || !entry.isDirectory()) continue;
    const path = join(parent, entry.name);
    try {
      if (statOf(path)?.uid !== process.getuid?.()) continue;
      // An empty folder may be about to be locked.
      if (entriesOf(path).every(({ name }) => name.startsWith('.lock'))) continue;
      acquireLock(path, holder).release();
      remove(path);
    } catch {
      // In use, or left to a later run.
    }
  }
}
