/**
 * Which programs of a run are still at work after the process that started them was killed. Each inherits an
 * open file of the run's folder, which is removed when the program has ended: a file that is left there, and
 * that a process has open, is a program that goes on. What it may still do, no probe can tell.
 */

import { closeSync, readdirSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';

import { createFile, makeFolder } from '../../disk/durable.ts';
import { diskFailure, systemCode } from '../../disk/errors.ts';
import { entriesOf, remove, statOf } from '../../disk/noLinks.ts';

export interface RunningMark {
  /** For the program to inherit. */
  readonly descriptor: number;
  /** The program has inherited it. */
  inherited(): void;
  /** The program has ended. */
  ended(): void;
}

const FOLDER = 'running';

/** Marks a program that is about to start; `pid` is that of this process. @throws Failure DISK */
export function markRunning(run: string, pid: number): RunningMark {
  const folder = join(run, FOLDER);
  try {
    makeFolder(folder);
    return newMark(folder, pid);
  } catch (error) {
    throw diskFailure(error, folder);
  }
}

function newMark(folder: string, pid: number): RunningMark {
  for (let number = 1; ; number += 1) {
    const path = join(folder, `${pid}-${number}`);
    try {
      const descriptor = createFile(path);
      return {
        descriptor,
        inherited: () => closeSync(descriptor),
        ended: () => remove(path),
      };
    } catch (error) {
      if (systemCode(error) !== 'EEXIST') throw error;
    }
  }
}

/**
 * Returns the processes that still have a mark of a run open, and removes the marks of those that have ended.
 * None is found where the system does not tell (`/proc`).
 */
export function programsLeft(run: string): readonly number[] {
  const folder = join(run, FOLDER);
  if (statOf(folder)?.isDirectory() !== true) return [];
  const marks = entriesOf(folder).map(({ name }) => join(folder, name));
  if (marks.length === 0) return [];
  const open = openFiles();
  for (const mark of marks) if (!open.has(mark)) remove(mark);
  return [...new Set(marks.flatMap((mark) => open.get(mark) ?? []))].toSorted((a, b) => a - b);
}

/** Processes by the files that they have open, as far as this user may know. */
function openFiles(): ReadonlyMap<string, readonly number[]> {
  const found = new Map<string, number[]>();
  for (const pid of namesIn('/proc').filter((name) => /^\d+$/.test(name))) {
    for (const descriptor of namesIn(`/proc/${pid}/fd`)) {
      const path = targetOf(`/proc/${pid}/fd/${descriptor}`);
      if (path === null) continue;
      found.set(path, [...(found.get(path) ?? []), Number(pid)]);
    }
  }
  return found;
}

/** Names in a folder of the system; none where it is not there, or not to be read. */
function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function targetOf(link: string): string | null {
  try {
    return readlinkSync(link);
  } catch {
    return null;
  }
}
