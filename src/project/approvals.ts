/**
 * Which approvals of a candidate count: each is bound to its seal id, to the result and the checks of
 * its last full scan, to its mapping and to the journal, and made by another person than those who
 * built and scanned it. An approval that cannot be verified does not count.
 */

import { join } from 'node:path';

import { namesOfKey, readAllowedSigners } from '../crypto/allowedSigners.ts';
import {
  hasPrincipal,
  readSignature,
  verifySignature,
  type RunProgram,
  type Verified,
} from '../crypto/sshSignature.ts';
import { writeFileDurably } from '../disk/durable.ts';
import { openScratch } from '../disk/scratch.ts';
import {
  APPROVAL_NAMESPACE,
  parseApproval,
  type Approval,
  type KeptApproval,
} from '../journal/approvalFile.ts';
import { eventOf } from '../journal/readEvent.ts';
import type { Journal } from '../journal/line.ts';
import { lastScan, type JournaledScan } from '../journal/scanEntry.ts';
import { isSameName } from '../run/personName.ts';

/** What approvals of a candidate are bound to. */
export interface ApprovalSubject {
  readonly sealId: string;
  readonly dataRoot: string;
  /** Digest of its sealed mapping. */
  readonly mapping: string;
  /** Its last full scan. */
  readonly scan: JournaledScan;
}

/** Tools and facts for judging approvals. */
export interface Judging {
  readonly runProgram: RunProgram;
  /** The system's folder for temporary files. */
  readonly temporary: string;
  readonly pid: number;
  readonly journal: Journal;
  readonly subject: ApprovalSubject;
  /** The file of allowed signers; null if the project has none. */
  readonly signers: string | null;
  /** Those who may not approve, with what they did. */
  readonly others: readonly Participant[];
  /** Time at which keys have to be valid, ISO 8601, UTC. */
  readonly at: string;
}

/** A person by name, and what they did: `built`, `scanned` or `promotes`. */
export interface Participant {
  readonly name: string;
  readonly did: 'built' | 'scanned' | 'promotes';
}

/** An approval that was judged. */
export interface Judged {
  readonly reviewer: string;
  /** Fingerprint of the key that was proven to sign it; null if none was. */
  readonly signer: string | null;
  /** Why it does not count; null if it does. */
  readonly refused: string | null;
}

/** Returns who built and scanned a candidate, by the journal. */
export function participantsOf({ entries }: Journal, sealId: string): Participant[] {
  return entries.flatMap((entry): Participant[] => {
    const event = eventOf(entry);
    const { who: name } = entry;
    if (typeof name !== 'string') return [];
    if (event.event === 'sealed' && event.sealId === sealId) return [{ name, did: 'built' }];
    if (event.event === 'scan' && event.sealId === sealId) return [{ name, did: 'scanned' }];
    return [];
  });
}

/** Judges an approval. `before` is the number of lines in the journal before its own. */
export async function judgeApproval(
  kept: KeptApproval,
  before: number,
  judging: Judging,
): Promise<Judged> {
  const approval = parseApproval(kept.bytes);
  if (approval === null) return refuse('?', 'its file is not an approval, or was edited');
  const { reviewer } = approval;
  const unbound = unboundReason(approval, before, judging);
  if (unbound !== null) return refuse(reviewer, unbound);
  const self = judging.others.find(({ name }) => isSameName(name, reviewer));
  if (self !== undefined) return refuse(reviewer, ownWork(self));
  if (judging.signers === null) {
    if (kept.signature === null) return { reviewer, signer: null, refused: null };
    return refuse(reviewer, 'there are no allowed signers to verify its signature with');
  }
  if (kept.signature === null) return refuse(reviewer, 'it is not signed');
  return judgeSignature(approval, kept.bytes, kept.signature, judging.signers, judging);
}

function refuse(reviewer: string, why: string): Judged {
  return { reviewer, signer: null, refused: why };
}

/** Says what the reviewer did besides. */
function ownWork({ name, did }: Participant): string {
  return `${name} ${did} it, and no person approves their own work`;
}

/** Returns why an approval is not one of this candidate as it was scanned last; null if it is. */
function unboundReason(approval: Approval, before: number, judging: Judging): string | null {
  const { subject, journal } = judging;
  if (approval.sealId !== subject.sealId) return 'it is an approval of another candidate';
  if (approval.dataRoot !== subject.dataRoot || approval.mapping !== subject.mapping) {
    return 'it states another data root or mapping than the candidate has';
  }
  if (approval.checks !== subject.scan.checks) return 'the checks have changed since';
  if (!isSameResult(approval, subject.scan)) return 'a later scan had another result';
  const lines = linesUpTo(journal, approval.journalHead);
  if (lines === null || lines > before) return 'it was made for another journal';
  const seen = lastScan({ ...journal, entries: journal.entries.slice(0, lines) }, approval.sealId);
  if (seen === null || !isSameResult(approval, seen)) return 'it was made before the scan';
  return null;
}

function isSameResult({ scan }: Approval, { verdict, counts }: JournaledScan): boolean {
  const severities = ['BLOCKER', 'WARNING', 'INFO'] as const;
  return scan.verdict === verdict && severities.every((one) => scan.counts[one] === counts[one]);
}

/** Returns the number of lines of a journal whose last one has this digest; null if it has none. */
function linesUpTo({ entries, head }: Journal, digest: string): number | null {
  if (digest === head) return entries.length;
  const next = entries.findIndex(({ prev }) => prev === digest);
  return next > 0 ? next : null;
}

async function judgeSignature(
  approval: Approval,
  bytes: Uint8Array,
  signature: string,
  signers: string,
  judging: Judging,
): Promise<Judged> {
  const { reviewer } = approval;
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
  if (other !== undefined)
    return refuse(reviewer, `${key} is that of ${other.name}, and ${ownWork(other)}`);
  const principal = names.find((one) => isSameName(one, reviewer));
  if (principal === undefined) return refuse(reviewer, `${key} is not that of ${reviewer}`);
  const verified = await verifiedBy(principal, { bytes, signature, signers }, judging);
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

interface Files {
  readonly bytes: Uint8Array;
  readonly signature: string;
  readonly signers: string;
}

/** Has ssh-keygen verify private copies of what was read, so that nothing can be replaced. */
async function verifiedBy(
  principal: string,
  { bytes, signature, signers }: Files,
  { runProgram, temporary, pid, at }: Judging,
): Promise<Verified> {
  const scratch = openScratch(temporary, { command: 'review', pid, since: at });
  const files = {
    allowedSigners: join(scratch.path, 'signers'),
    signature: join(scratch.path, 'signature'),
  };
  try {
    writeFileDurably(files.allowedSigners, signers);
    writeFileDurably(files.signature, signature);
    const message = { principal, namespace: APPROVAL_NAMESPACE, message: bytes, at };
    const verified = await verifySignature(runProgram, { ...files, ...message });
    if (!('problem' in verified)) return verified;
    const known = await hasPrincipal(runProgram, { ...files, at });
    return verified.problem === 'not-allowed' && !known ? { problem: 'not-in-force' } : verified;
  } finally {
    scratch.drop();
  }
}

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
