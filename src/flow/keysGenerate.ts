/** keys generate: writes a new key into a file that only its owner can read, and prints its public id. */

import { basename, resolve } from 'node:path';

import { writeNewKey } from '../mapping/keyFile.ts';
import { actionOutcome, type Outcome } from '../outcome/outcome.ts';
import type { Environment } from '../run/environment.ts';

const KEY_BYTES = 32;

/** Generates a key. @throws Failure USAGE if the file exists; DISK */
export async function keysGenerate(file: string, env: Environment): Promise<Outcome> {
  const path = resolve(env.cwd, file);
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
