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
  const said =
    made.problem === 'refused' && made.says !== '' ? ` (${made.says.replaceAll(': ', ', ')})` : '';
  throw new Failure(made.problem === 'no-program' ? 'UNSUPPORTED' : 'CANDIDATE', {
    what:
      made.problem === 'no-program'
        ? 'ssh-keygen, which signs, is not installed'
        : `ssh-keygen did not sign${said}`,
    where: `--key ${key}`,
    hint:
      made.problem === 'no-program'
        ? namespace === APPROVAL_NAMESPACE
          ? 'install OpenSSH 8.9 or later, or write the approval with --write FILE and sign it elsewhere'
          : 'install OpenSSH 8.9 or later'
        : 'name a private key, or a public key whose private key is in your agent',
  });
}
