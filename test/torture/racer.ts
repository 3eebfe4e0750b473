/**
 * A thread that swaps names of a project for links to a folder outside and back, as fast as it can, while
 * `turn` is 1. It changes nothing outside of the project.
 */

import { lstatSync, renameSync, rmSync, symlinkSync, unlinkSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { isMainThread, workerData } from 'node:worker_threads';

import { randomOf, type Random } from '../dogschool/random.ts';

/** A name in the project, and what it may be swapped for. */
export interface Place {
  readonly path: string;
  readonly targets: readonly string[];
}

export interface Race {
  readonly places: readonly Place[];
  /** Where what is swapped out waits, on the same disk. */
  readonly aside: string;
  readonly seed: number;
  /** [turn, swaps]: turn is 1 to run, 0 to rest, 2 once it rests, 3 to end. */
  readonly state: Int32Array;
}

export const [REST, RUN, RESTING, END] = [0, 1, 2, 3] as const;

function race({ places, aside, seed, state }: Race): void {
  const random = randomOf(seed, 'racer');
  let few: Place[] = [];
  for (let turns = 0; ; turns = (turns + 1) % 200) {
    // A few names for a while: each of them is a link for a good part of it.
    if (turns === 0) few = Array.from({ length: 6 }, () => random.pick(places));
    const turn = Atomics.load(state, 0);
    if (turn === END) return;
    if (turn === RUN) {
      if (swap(random.pick(few), aside, random)) Atomics.add(state, 1, 1);
    } else {
      Atomics.compareExchange(state, 0, REST, RESTING);
      Atomics.wait(state, 0, RESTING);
    }
  }
}

/** Swaps one name there and back; whether a link was there for a while. */
function swap({ path, targets }: Place, aside: string, random: Random): boolean {
  if (lstatSync(dirname(path), { throwIfNoEntry: false })?.isDirectory() !== true) return false;
  const waiting = join(aside, `${random.digits(8)}-${basename(path)}`);
  const was = done(() => {
    renameSync(path, waiting);
  });
  const planted = done(() => {
    symlinkSync(random.pick(targets), path);
  });
  if (planted) rest(random.integer(0, 400));
  done(() => {
    if (lstatSync(path).isSymbolicLink()) unlinkSync(path);
  });
  if (!was) return planted;
  const back = done(() => {
    renameSync(waiting, path);
  });
  // Something new stands there: what was swapped out is nobody's any more.
  if (!back) done(() => rmSync(waiting, { recursive: true, force: true }));
  return planted;
}

function done(act: () => void): boolean {
  try {
    act();
    return true;
  } catch {
    return false;
  }
}

/** Does nothing for so many microseconds. */
function rest(microseconds: number): void {
  const until = performance.now() + microseconds / 1000;
  while (performance.now() < until);
}

if (!isMainThread) race(workerData as Race);
