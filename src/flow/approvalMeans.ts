/** How a person approves: with a key on this machine, or with a file that is signed on another one. */

import { basename, dirname, join, resolve } from 'node:path';

import { signMessage } from '../crypto/sshSignature.ts';
import { writeFileDurably } from '../disk/durable.ts';
import { onDisk, systemCode } from '../disk/errors.ts';
import { realFolder } from '../disk/noLinks.ts';
import { APPROVAL_NAMESPACE, MAX_APPROVAL } from '../journal/approvalFile.ts';
import { Failure } from '../outcome/failure.ts';
import type { Environment } from '../run/environment.ts';
import { readPlainFile } from '../seal/files.ts';

/** Signs an approval with a key of `--key`. @throws Failure CANDIDATE, UNSUPPORTED */
export async function signatureBy(
  key: string,
  message: Uint8Array,
  env: Environment,
): Promise<string> {
  const path = resolve(env.cwd, key);
  const made = await signMessage(env.runProgram, {
    key: path,
    namespace: APPROVAL_NAMESPACE,
    message,
  });
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
        ? 'install OpenSSH 8.9 or later, or write the approval with --write FILE and sign it elsewhere'
        : 'name a private key, or a public key whose private key is in your agent',
  });
}

/** Writes an approval to the file of `--write`. @throws Failure USAGE if it exists, DISK */
export async function writeGiven(file: string, bytes: Uint8Array, env: Environment): Promise<void> {
  const path = givenPath(file, env);
  await onDisk(path, () => {
    try {
      writeFileDurably(path, bytes);
    } catch (error) {
      if (systemCode(error) !== 'EEXIST') throw error;
      throw new Failure('USAGE', {
        what: 'the file exists already',
        where: `--write ${file}`,
        hint: 'give another name',
      });
    }
  });
}

function givenPath(file: string, { cwd }: Environment): string {
  const path = resolve(cwd, file);
  return join(realFolder(dirname(path)), basename(path));
}

/** Reads a file that an option names. @throws Failure USAGE */
export function readGiven(file: string, option: string, env: Environment): Buffer {
  const bytes = readPlainFile(givenPath(file, env), MAX_APPROVAL);
  if (bytes !== null) return bytes;
  throw new Failure('USAGE', {
    what: 'there is no such file, or it is no ordinary file of at most 64 KiB',
    where: `${option} ${file}`,
    hint: 'check the path',
  });
}
