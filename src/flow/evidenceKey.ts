/** evidence key: makes a pair of Ed25519 keys that evidence is signed with. */

import { chmodSync } from 'node:fs';
import { resolve } from 'node:path';

import { remove } from '../disk/noLinks.ts';
import { formatMinisignKey } from '../crypto/minisign.ts';
import { newSigningKey, SEED_BYTES } from '../crypto/ed25519.ts';
import { writeSigningKey, writeVerifyingKey } from '../crypto/signingKey.ts';
import { formatNoteVerifier, noteVerifier } from '../crypto/signedNote.ts';
import { actionOutcome, type Outcome } from '../outcome/outcome.ts';
import { KEY_NAME } from '../seal/receipts.ts';
import type { Environment } from '../run/environment.ts';
import { writeGiven } from './givenFile.ts';

/** Writes a private key to a new file that only its owner can read, and the public one beside it. */
export async function makeEvidenceKey(
  { file }: { readonly file: string },
  env: Environment,
): Promise<Outcome> {
  const key = newSigningKey(env.random(SEED_BYTES));
  const { verifying } = key;
  // The public one first: a private key is not left without it.
  await writeGiven(null, `${file}.pub`, Buffer.from(writeVerifyingKey(verifying)), env);
  chmodSync(resolve(env.cwd, `${file}.pub`), 0o644);
  try {
    await writeGiven(null, file, Buffer.from(writeSigningKey(key)), env);
  } catch (error) {
    remove(resolve(env.cwd, `${file}.pub`));
    throw error;
  }
  return actionOutcome({
    command: 'evidence key',
    facts: { keyId: verifying.id },
    notes: [
      `key ${verifying.id}`,
      `private ${file}, which signs; keep it secret`,
      `public ${file}.pub, for --public-key and openssl; give it to those who verify`,
      `for minisign -P: ${formatMinisignKey(verifying).split('\n')[1] ?? ''}`,
      `for signed notes: ${formatNoteVerifier(noteVerifier(KEY_NAME, verifying))}`,
    ],
  });
}
