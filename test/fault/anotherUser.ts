/** Commands run as a user who is not root. */

import { spawnSync } from 'node:child_process';

/** The user and the group that own nothing. */
export const OTHER = 65_534;

/** Root may read and write everything, so that it has to become another user. */
const AS_OTHER: readonly string[] = [
  'setpriv',
  `--reuid=${OTHER}`,
  `--regid=${OTHER}`,
  '--clear-groups',
];

/** What a command becomes an argument of; nothing where this is not root. */
export const wrap: readonly string[] = process.getuid?.() === 0 ? AS_OTHER : [];

/** Whether another user can run what is checked out here. */
export function canRunAsOther(): boolean {
  const main = new URL('../../src/cli/main.ts', import.meta.url).pathname;
  const all = [...wrap, process.execPath, main, '--version'];
  const [command = '', ...args] = all;
  if (spawnSync(command, args, { cwd: '/' }).status === 0) return true;
  process.stderr.write('notice: no other user can run this here; tests of that are skipped\n');
  return false;
}
