/** keys generate: writes a new key into a file that only its owner can read, and prints its public id. */

import { basename, dirname, resolve } from 'node:path';

import { statOf } from '../disk/noLinks.ts';
import { writeNewKey } from '../mapping/keyFile.ts';
import { Failure } from '../outcome/failure.ts';
import { actionOutcome, type Outcome } from '../outcome/outcome.ts';
import type { Environment } from '../run/environment.ts';

const KEY_BYTES = 32;

/** @throws Failure USAGE */
function assertFolder(path: string): void {
  if (statOf(dirname(path))?.isDirectory() === true) return;
  throw new Failure('USAGE', {
    what: 'the folder of the key does not exist',
    where: dirname(path),
    hint: 'make it, for its owner only, or choose another path',
  });
}

/** Generates a key. @throws Failure USAGE if the file exists; DISK */
export async function keysGenerate(file: string, env: Environment): Promise<Outcome> {
  const path = resolve(env.cwd, file);
  assertFolder(path);
  const { kid } = writeNewKey(basename(file), env.random(KEY_BYTES), path);
  return actionOutcome({
    command: 'keys generate',
    facts: { file: path, kid },
    notes: [
      `key id     ${kid}`,
      `file       ${path}, for its owner only`,
      'keep a copy elsewhere: what is sealed under it cannot be read without it',
    ],
  });
}
