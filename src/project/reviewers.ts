/**
 * Who made an approval: another person than those who did the work, proven by the signature of a key where
 * the project has allowed signers. What was approved is judged elsewhere.
 */

import { namesOfKey, readAllowedSigners } from '../crypto/allowedSigners.ts';
import { readSignature, type Verified } from '../crypto/sshSignature.ts';
import { APPROVAL_NAMESPACE } from '../journal/approval.ts';
import type { KeptApproval } from '../journal/approvalFile.ts';
import { isSameName } from '../run/personName.ts';
import { verifyByCopies, type VerifyingHere } from './signedMessage.ts';

/** Tools and facts for judging who made an approval. */
export interface JudgingPeople extends VerifyingHere {
  /** The file of allowed signers; null if the project has none. */
  readonly signers: string | null;
  /** Those who may not approve, with what they did. */
  readonly others: readonly Participant[];
  /** Time at which keys have to be valid, ISO 8601, UTC. */
  readonly at: string;
}

/** A person by name, and what they did: `built`, `scanned`, `promotes` or `operates`. */
export interface Participant {
  readonly name: string;
  readonly did: 'built' | 'scanned' | 'promotes' | 'operates';
}

/** An approval that was judged. */
export interface Judged {
  readonly reviewer: string;
  /** Fingerprint of the key that was proven to sign it; null if none was. */
  readonly signer: string | null;
  /** Why it does not count; null if it does. */
  readonly refused: string | null;
}

/** Makes an approval that does not count. */
export function refuse(reviewer: string, why: string): Judged {
  return { reviewer, signer: null, refused: why };
}

/** Says what the reviewer did besides; `so` is what follows their name. */
function ownWork({ name, did }: Participant, so = ' '): string {
  return `${name}${so}${did} it, and no person approves their own work`;
}

/**
 * Judges who made an approval: none of those who did the work, and, where there are allowed signers, one of
 * them, as the signature over all its bytes proves.
 */
export async function judgeReviewer(
  reviewer: string,
  { bytes, signature }: KeptApproval,
  judging: JudgingPeople,
): Promise<Judged> {
  const { signers, others } = judging;
  const self = others.find(({ name }) => isSameName(name, reviewer));
  if (self !== undefined) return refuse(reviewer, ownWork(self));
  if (signers === null) {
    if (signature === null) return { reviewer, signer: null, refused: null };
    return refuse(reviewer, 'there are no allowed signers to verify its signature with');
  }
  if (signature === null) return refuse(reviewer, 'it is not signed');
  return judgeSignature(reviewer, { bytes, signature, signers }, judging);
}

interface SignedBytes {
  readonly bytes: Uint8Array;
  readonly signature: string;
  readonly signers: string;
}

async function judgeSignature(
  reviewer: string,
  files: SignedBytes,
  judging: JudgingPeople,
): Promise<Judged> {
  const { bytes, signature, signers } = files;
  const parts = readSignature(signature);
  if (parts === null) return refuse(reviewer, 'its signature is not an SSH signature');
  if (parts.namespace !== APPROVAL_NAMESPACE) {
    return refuse(reviewer, `its signature is for another purpose than ${APPROVAL_NAMESPACE}`);
  }
  if (parts.keyType.includes('-cert-')) return refuse(reviewer, 'it is signed with a certificate');
  const names = namesOfKey(readAllowedSigners(signers), parts.fingerprint);
  const key = `the key ${parts.fingerprint}`;
  if (names.length === 0) return refuse(reviewer, `${key} is not one of the allowed signers`);
  const other = judging.others.find(({ name }) => names.some((one) => isSameName(one, name)));
  if (other !== undefined) return refuse(reviewer, `${key} is that of ${ownWork(other, ', who ')}`);
  const principal = names.find((one) => isSameName(one, reviewer));
  if (principal === undefined) return refuse(reviewer, `${key} is not that of ${reviewer}`);
  const message = { principal, namespace: APPROVAL_NAMESPACE, message: bytes, at: judging.at };
  const verified = await verifyByCopies({ ...message, signature, signers }, judging);
  if ('problem' in verified) return refuse(reviewer, PROBLEMS[verified.problem]);
  // A key can be encoded in more than one way; only the usual one is compared with others.
  if (verified.fingerprint !== parts.fingerprint) return refuse(reviewer, 'its key is malformed');
  return { reviewer, signer: verified.fingerprint, refused: null };
}

type Problem = Extract<Verified, { problem: string }>['problem'];

const PROBLEMS: Readonly<Record<Problem, string>> = {
  'no-program': 'ssh-keygen, which verifies signatures, is not installed',
  'other-content': 'its signature is not over this file',
  'not-in-force': 'its key has expired or is not valid yet, by the allowed signers',
  'not-allowed': 'ssh-keygen does not accept its signature by the allowed signers',
};

/**
 * Returns the number of people in approvals that count: those with one key, or with one name, are
 * one person.
 */
export function countPeople(approvals: readonly Judged[]): number {
  const groups: Judged[][] = [];
  for (const one of approvals) {
    const same = groups.filter((group) => group.some((other) => isSamePerson(one, other)));
    const rest = groups.filter((group) => !same.includes(group));
    groups.splice(0, groups.length, ...rest, [one, ...same.flat()]);
  }
  return groups.length;
}

/** Whether two approvals are by one person: by one key, or under one name. */
export function isSamePerson(one: Judged, other: Judged): boolean {
  if (one.signer !== null && one.signer === other.signer) return true;
  return isSameName(one.reviewer, other.reviewer);
}

/** Says of an approval whether it counts, and why not. */
export function approvalNote({ reviewer, signer, refused }: Judged): string {
  if (refused !== null) return `not counted: the approval of ${reviewer}, as ${refused}`;
  return signer === null
    ? `approved by ${reviewer}, not proven: no key signed it`
    : `approved by ${reviewer}, key ${signer}`;
}
