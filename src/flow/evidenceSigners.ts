/** The signature of a bag by an SSH key: made, and verified by ssh-keygen over private copies. */

import type { SigningKey } from '../crypto/ed25519.ts';
import { readSigningKey } from '../crypto/signingKey.ts';
import { namesOfKey, readAllowedSigners } from '../crypto/allowedSigners.ts';
import { readSignature, type Verified } from '../crypto/sshSignature.ts';
import {
  CONTACT,
  EVIDENCE_NAMESPACE,
  signatureFiles,
  SSH_SIGNATURE,
  sshSignatureIn,
} from '../evidence/bagSignature.ts';
import type { TagFile } from '../evidence/writeBag.ts';
import { Failure } from '../outcome/failure.ts';
import type { Finding } from '../outcome/finding.ts';
import { quoteName } from '../outcome/quoteName.ts';
import { ruleFinding } from '../outcome/rules.ts';
import { verifyByCopies } from '../project/signedMessage.ts';
import type { Environment } from '../run/environment.ts';
import { operatorOf } from '../run/operator.ts';
import { isSameName } from '../run/personName.ts';
import { signatureBy } from './approvalMeans.ts';
import { readGiven } from './givenFile.ts';

/** Who signs a bag, and how. */
export interface BagSigners {
  /** Who signs with an SSH key; null if none is given. */
  readonly who: string | null;
  /** The key of the statements; null if none is given. */
  readonly key: SigningKey | null;
  readonly sign: (tagManifest: Uint8Array) => Promise<readonly TagFile[]>;
  readonly notes: readonly string[];
}

/** Reads the keys that a bag is signed with. @throws Failure USAGE */
export function signersOfBag(
  options: {
    readonly who: string | null;
    readonly key: string | null;
    readonly signingKey: string | null;
    /** The allowed signers of the project; null without any. */
    readonly signers: () => Promise<string | null>;
  },
  env: Environment,
): BagSigners {
  const { key: sshKey, signingKey } = options;
  const who = sshKey === null ? null : operatorOf(options.who, env);
  if (sshKey !== null && who === null) throw withoutName();
  const key =
    signingKey === null
      ? null
      : readSigningKey(readGiven(signingKey, '--signing-key', env).toString('utf8'), signingKey);
  return {
    who,
    key,
    sign: async (tagManifest) => {
      if (sshKey === null) return [];
      const text = await signatureBy(sshKey, tagManifest, env, EVIDENCE_NAMESPACE);
      assertOwnKey(who ?? '', text, await options.signers());
      return [{ path: SSH_SIGNATURE, text }];
    },
    notes: [
      ...(who === null ? [] : [`signed by ${who}, with an SSH key`]),
      ...(key === null ? [] : [`statements signed with the key ${key.verifying.id}`]),
      ...(who === null && key === null
        ? ['not signed: give --key with an SSH key, --signing-key with an Ed25519 key, or both']
        : []),
    ],
  };
}

/** @throws Failure USAGE if the allowed signers have the key of a signature under other names only */
function assertOwnKey(who: string, signature: string, signers: string | null): void {
  const fingerprint = readSignature(signature)?.fingerprint ?? '';
  const names = namesOfKey(readAllowedSigners(signers ?? ''), fingerprint);
  if (names.length === 0 || names.some((name) => isSameName(name, who))) return;
  throw new Failure('USAGE', {
    what: `the key ${fingerprint} is that of ${names.join(', ')}, and not of ${who}`,
    where: '--key',
    hint: 'give your own key, or have its owner build the evidence',
  });
}

function withoutName(): Failure {
  return new Failure('USAGE', {
    what: 'a bag that is signed with an SSH key needs the name of the person',
    where: '--who',
    hint: 'give your name as the allowed signers have it with --who, or set MIGRATE_OPERATOR',
  });
}

export interface SshVerified {
  readonly findings: readonly Finding[];
  readonly notes: readonly string[];
}

/** Verifies the SSH signature of a bag, if it has one; without `signers`, only its form. */
export async function sshFindings(
  folder: string,
  info: ReadonlyMap<string, string>,
  tagManifest: Uint8Array,
  signers: string | null,
  env: Environment,
): Promise<SshVerified> {
  if (!signatureFiles(info).includes(SSH_SIGNATURE)) return { findings: [], notes: [] };
  const signature = sshSignatureIn(folder);
  if (typeof signature !== 'string') return { findings: [signature], notes: [] };
  const who = info.get(CONTACT) ?? '';
  if (signers === null) {
    const note = `signed by ${quoteName(who)}, it says; not proven: whose the key is; give --allowed-signers FILE`;
    return { findings: [], notes: [note] };
  }
  const message = { message: tagManifest, namespace: EVIDENCE_NAMESPACE, principal: who };
  const at = env.now().toISOString();
  const verified = await verifyByCopies({ ...message, signature, signers, at }, env);
  if ('problem' in verified) {
    const reason = `the signature is refused: ${PROBLEMS[verified.problem]}`;
    return { findings: [ruleFinding('signature', SSH_SIGNATURE, reason)], notes: [] };
  }
  return { findings: [], notes: [`signed by ${who}, key ${verified.fingerprint}`] };
}

type Problem = Extract<Verified, { problem: string }>['problem'];

const PROBLEMS: Readonly<Record<Problem, string>> = {
  'no-program': 'ssh-keygen, which verifies it, is not installed',
  'other-content': 'it is not over this bag',
  'not-in-force': 'its key has expired or is not valid yet, by the allowed signers',
  'not-allowed': 'ssh-keygen does not accept it for the person that bag-info.txt names',
};
