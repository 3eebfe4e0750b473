/**
 * Where the tests keep what is temporary: in memory, where there is enough of it. No test cuts the power,
 * so none depends on what reaches a disk, and many ask for that at each step. TMPDIR names another folder.
 */

import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statfsSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';

const MEMORY = '/dev/shm';
/** Before the id of the process that has made the folder. */
const NAME = 'sealift-tests-';
const TMPFS = 0x01_02_19_94;
/** Several times what was seen to be in use. */
const LEAST_BYTES = 4 * 2 ** 30;

/** Before all tests: makes the folder, and has all processes use it; returns what removes it. */
export default function useMemory(): (() => void) | undefined {
  if (process.env['TMPDIR'] !== undefined || !isLarge()) return undefined;
  removeLeft();
  const folder = mkdtempSync(join(MEMORY, `${NAME}${process.pid}-`));
  const remove = (): void => rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  // Users of other tests come in, as in the usual folder.
  chmodSync(folder, 0o1777);
  if (!runsPrograms(folder)) {
    remove();
    return undefined;
  }
  process.env['TMPDIR'] = folder;
  return remove;
}

/** Removes what tests have left that were killed: it would stay in memory. */
function removeLeft(): void {
  for (const name of readdirSync(MEMORY)) {
    if (!name.startsWith(NAME)) continue;
    const folder = join(MEMORY, name);
    const isOurs = statSync(folder, { throwIfNoEntry: false })?.uid === process.getuid?.();
    const pid = name.slice(NAME.length).split('-')[0] ?? '';
    if (isOurs && !existsSync(`/proc/${pid}`)) rmSync(folder, { recursive: true, force: true });
  }
}

function isLarge(): boolean {
  if (!existsSync(MEMORY)) return false;
  const { type, bavail, bsize } = statfsSync(MEMORY);
  return (
    type === TMPFS && bavail * bsize >= LEAST_BYTES && process.availableMemory() >= 2 * LEAST_BYTES
  );
}

/** Whether a program in a folder can be run: servers are. */
function runsPrograms(folder: string): boolean {
  const program = join(folder, 'program');
  writeFileSync(program, '#!/bin/sh\n', { mode: 0o755 });
  const { status } = spawnSync(program);
  rmSync(program);
  return status === 0;
}
