/**
 * Commands that halt at a change to the disk that the test has named: what happens to them there does
 * not depend on how fast the machine is.
 */

import type { ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

import { start, type ProcessOptions, type Ran, type Running } from '../kit/run.ts';

const HOOK = new URL('./haltHere.ts', import.meta.url).href;

/** Before the change of this number, from 1; before the first whose path matches; or some after that. */
export type Place = number | RegExp | { readonly first: RegExp; readonly past: number };

export interface Halted extends Running {
  /** Fulfilled when the command waits at its place; false where it ended without having come there. */
  readonly reached: Promise<boolean>;
  /** Lets it go on. */
  go(): void;
}

/** Starts `sealift ARGS`, which waits at `place` until it is told to go on, or killed. */
export function startHalting(
  args: readonly string[],
  place: Place,
  { env = {}, ...options }: ProcessOptions = {},
): Halted {
  const folder = mkdtempSync(join(tmpdir(), 'sealift-halt-'));
  const at = placeIn(place);
  const running = start(args, {
    ...options,
    env: { ...env, ...at, HALT_FOLDER: folder, NODE_OPTIONS: `--import=${HOOK}` },
  });
  const ended = running.ended.finally(() => {
    rmSync(folder, { recursive: true });
  });
  return {
    child: running.child,
    ended,
    reached: reached(folder, running.child),
    go: () => {
      writeFileSync(join(folder, 'go'), '');
    },
  };
}

function placeIn(place: Place): Record<string, string> {
  if (typeof place === 'number') return { HALT_NUMBER: `${place}` };
  if (place instanceof RegExp) return { HALT_NAME: place.source };
  return { HALT_NAME: place.first.source, HALT_PAST: `${place.past}` };
}

async function reached(folder: string, child: ChildProcess): Promise<boolean> {
  while (child.exitCode === null && child.signalCode === null) {
    if (existsSync(join(folder, 'halted'))) return true;
    await wait(2);
  }
  return false;
}

/** Runs `sealift ARGS` to its end, and counts the changes that it makes to the disk. */
export async function countChanges(
  args: readonly string[],
  options: ProcessOptions = {},
): Promise<Ran & { readonly changes: number }> {
  const folder = mkdtempSync(join(tmpdir(), 'sealift-changes-'));
  try {
    const env = { ...options.env, HALT_FOLDER: folder, NODE_OPTIONS: `--import=${HOOK}` };
    const ran = await start(args, { ...options, env }).ended;
    return { ...ran, changes: Number(readFileSync(join(folder, 'changes'), 'utf8')) };
  } finally {
    rmSync(folder, { recursive: true });
  }
}
