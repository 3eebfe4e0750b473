/** Signatures by SSH keys, which ssh-keygen verifies over private copies of what was read: nothing can be replaced. */

import { join } from 'node:path';

import {
  hasPrincipal,
  verifySignature,
  type RunProgram,
  type Verified,
} from '../crypto/sshSignature.ts';
import { writeFileDurably } from '../disk/durable.ts';
import { openScratch } from '../disk/scratch.ts';

/** A message with a signature. */
export interface SignedMessage {
  readonly message: Uint8Array;
  /** Text of the signature. */
  readonly signature: string;
  /** Text of the file of allowed signers. */
  readonly signers: string;
  readonly principal: string;
  readonly namespace: string;
  /** Time at which the key has to be valid, ISO 8601, UTC. */
  readonly at: string;
}

/** What is needed of the system to verify one. */
export interface VerifyingHere {
  readonly runProgram: RunProgram;
  /** The system's folder for temporary files. */
  readonly temporary: string;
  readonly pid: number;
}

/** Verifies a signature; a key that is allowed at another time only is `not-in-force`. */
export async function verifyByCopies(
  { message, signature, signers, principal, namespace, at }: SignedMessage,
  { runProgram, temporary, pid }: VerifyingHere,
): Promise<Verified> {
  const scratch = openScratch(temporary, { command: 'review', pid, since: at });
  const files = {
    allowedSigners: join(scratch.path, 'signers'),
    signature: join(scratch.path, 'signature'),
  };
  try {
    writeFileDurably(files.allowedSigners, signers);
    writeFileDurably(files.signature, signature);
    const about = { principal, namespace, message, at };
    const verified = await verifySignature(runProgram, { ...files, ...about });
    if (!('problem' in verified)) return verified;
    const known = await hasPrincipal(runProgram, { ...files, at });
    return verified.problem === 'not-allowed' && !known ? { problem: 'not-in-force' } : verified;
  } finally {
    scratch.drop();
  }
}
