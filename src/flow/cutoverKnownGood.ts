/**
 * What a project has last deployed by a run that has come to its end, as a file beside the runs. It is a function
 * of the journal of that run: a run that fails or goes back leaves the one before, and one that is taken back
 * after its end gives that back.
 */

import { dirname, join } from 'node:path';

import type { LiveRun } from '../cutover/engine/liveRun.ts';
import { lastKnownGood } from '../cutover/engine/lastKnownGood.ts';
import { PRIVATE_FILE, replaceFile, syncFolder } from '../disk/durable.ts';
import { diskFailure } from '../disk/errors.ts';
import { removeFile } from '../disk/noLinks.ts';
import type { ProjectPaths } from '../project/paths.ts';
import { decodeUtf8 } from '../record/jsonText.ts';
import { readPlainFile } from '../seal/files.ts';

const KNOWN_GOOD = 'last-known-good.json';
/** In the folder of a run: what was there before it came to its end. */
const BEFORE = 'last-known-good.before.json';
const MAX_BYTES = 4 * 1024 * 1024;

/** Brings the file up to what is known of a run that was worked on; durable when it returns. @throws Failure DISK */
export function keepKnownGood({ cutovers }: ProjectPaths, live: LiveRun): void {
  if (live.rehearsal !== null) return;
  const path = join(cutovers, KNOWN_GOOD);
  const isOver = live.held.record.state.status === 'COMPLETED';
  try {
    if (isOver) state(path, live);
    else takeBack(path, live);
  } catch (error) {
    throw diskFailure(error, path);
  }
}

/** Writes what a run has deployed, unless the file is of it already, or of one that ended later. */
function state(path: string, { held, runbook }: LiveRun): void {
  const { places, record } = held;
  const now = readPlainFile(path, MAX_BYTES);
  const { run, completed } = statedIn(now);
  if (run === places.run || completed > record.lastAt) return;
  if (now !== null) replaceFile(join(places.folder, BEFORE), [now], PRIVATE_FILE);
  const known = { run: places.run, runbook, record, end: held.end() };
  replaceFile(path, [lastKnownGood(known)], PRIVATE_FILE);
}

/** Gives back what the file was before a run that is not at its end any more; of another run, it stays. */
function takeBack(path: string, { held: { places } }: LiveRun): void {
  if (statedIn(readPlainFile(path, MAX_BYTES)).run !== places.run) return;
  const old = readPlainFile(join(places.folder, BEFORE), MAX_BYTES);
  if (old !== null) {
    replaceFile(path, [old], PRIVATE_FILE);
    return;
  }
  removeFile(path);
  syncFolder(dirname(path));
}

/** Of which run a file is, and when that came to its end; both empty for what is no such file. */
function statedIn(bytes: Buffer | null): { readonly run: string; readonly completed: string } {
  const none = { run: '', completed: '' };
  try {
    const value: unknown = JSON.parse(decodeUtf8(bytes ?? Buffer.alloc(0)) ?? '');
    const { run, completed } = Object(value) as Record<string, unknown>;
    return typeof run === 'string' && typeof completed === 'string' ? { run, completed } : none;
  } catch {
    return none;
  }
}
