/** How a person signs with a key on this machine. */

import { resolve } from 'node:path';

import { signMessage } from '../crypto/sshSignature.ts';
import { APPROVAL_NAMESPACE } from '../journal/approval.ts';
import { Failure } from '../outcome/failure.ts';
import type { Environment } from '../run/environment.ts';

/** Signs with a key of `--key`, by default an approval. @throws Failure CANDIDATE, UNSUPPORTED */
export async function signatureBy(
  key: string,
  message: Uint8Array,
  env: Environment,
  namespace: string = APPROVAL_NAMESPACE,
): Promise<string> {
  const path = resolve(env.cwd, key);
  const made = await signMessage(env.runProgram, { key: path, namespace, message });
  if ('signature' in made) return made.signature;
  if (made.problem === 'no-program') {
    const install = 'install OpenSSH 8.9 or later';
    throw new Failure('UNSUPPORTED', {
      what: 'ssh-keygen, which signs, is not installed',
      where: `--key ${key}`,
      hint:
        namespace === APPROVAL_NAMESPACE
          ? `${install}, or write the approval with --write FILE and sign it elsewhere`
          : install,
    });
  }
  const isSaid = made.problem === 'refused' && made.says !== '';
  const said = isSaid ? ` (${made.says.replaceAll(': ', ', ')})` : '';
  throw new Failure('CANDIDATE', {
    what: `ssh-keygen did not sign${said}`,
    where: `--key ${key}`,
    hint: 'name a private key, or a public key whose private key is in your agent',
  });
}
