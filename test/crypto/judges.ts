/** Programs of others that verify what is signed here; tests that need one are skipped without it. */

import { spawnSync } from 'node:child_process';

export const HAS_OPENSSL: boolean = isHere('openssl', 'version');
export const HAS_MINISIGN: boolean = isHere('minisign', '-v');

function isHere(program: string, ...args: readonly string[]): boolean {
  if (spawnSync(program, args).error === undefined) return true;
  process.stderr.write(`notice: ${program} is not here; tests that need it are skipped\n`);
  return false;
}
