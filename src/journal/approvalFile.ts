/**
 * Approvals on disk: `approvals/<sha256>.json` beside the journal, canonical JSON (RFC 8785) and LF,
 * and its SSH signature in `<sha256>.json.sig`, which is over all bytes of the file. A file counts
 * only if the journal has a line of it: one without is the rest of a command that was killed.
 */

import { hash } from 'node:crypto';
import { join } from 'node:path';

import { makeFolder, syncFolder, writeFileDurably } from '../disk/durable.ts';
import { inTheWay } from '../disk/inTheWay.ts';
import { entriesOf, remove, rename, statOf } from '../disk/noLinks.ts';
import type { Severity, Verdict } from '../outcome/finding.ts';
import { canonicalJson } from '../record/canonical.ts';
import { decodeUtf8 } from '../record/jsonText.ts';
import { readPlainFile } from '../seal/files.ts';

/** Namespace of the signatures, so that a signature for another purpose is no approval. */
export const APPROVAL_NAMESPACE = 'sealift-approval';
const PURPOSE = 'approve-candidate';
const FOLDER = 'approvals';
/** Maximum bytes of an approval or a signature, far above any that is made. */
export const MAX_APPROVAL: number = 64 * 1024;

/** What a reviewer signs. */
export interface Approval {
  readonly format: 1;
  readonly purpose: typeof PURPOSE;
  readonly sealId: string;
  readonly dataRoot: string;
  /** Digest of the checks and severities of the scan; see checksDigest.ts. */
  readonly checks: string;
  /** Result of the last full scan. */
  readonly scan: {
    readonly verdict: Verdict;
    readonly counts: Readonly<Record<Severity, number>>;
  };
  /** Digest of the sealed mapping. */
  readonly mapping: string;
  readonly reviewer: string;
  /** When it was written, ISO 8601, UTC. */
  readonly time: string;
  /** Digest of the journal's last line at that time. */
  readonly journalHead: string;
}

/** Makes an approval, with its members in no order that matters. */
export function approvalOf(about: Omit<Approval, 'format' | 'purpose'>): Approval {
  return { format: 1, purpose: PURPOSE, ...about };
}

/** Returns the bytes of an approval's file. */
export function encodeApproval(approval: Approval): Buffer {
  return Buffer.from(`${canonicalJson(approval)}\n`);
}

/** Returns the digest that names an approval. */
export function approvalDigest(bytes: Uint8Array): string {
  return hash('sha256', bytes, 'hex');
}

/** Reads an approval; null if these are not exactly the bytes of one. */
export function parseApproval(bytes: Uint8Array): Approval | null {
  const text = decodeUtf8(bytes);
  if (text === null) return null;
  try {
    const value: unknown = JSON.parse(text);
    if (!isApproval(value)) return null;
    return encodeApproval(value).equals(bytes) ? value : null;
  } catch {
    return null;
  }
}

const DIGESTS = ['sealId', 'dataRoot', 'checks', 'mapping', 'journalHead'] as const;
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

function isApproval(value: unknown): value is Approval {
  const members = Object(value) as Record<string, unknown>;
  const { format, purpose, reviewer, time, scan } = members;
  const { verdict, counts } = Object(scan) as Record<string, unknown>;
  const numbers = Object.values(Object(counts) as Record<string, unknown>);
  return (
    format === 1 &&
    purpose === PURPOSE &&
    Object.keys(members).length === DIGESTS.length + 5 &&
    DIGESTS.every((name) => /^[0-9a-f]{64}$/.test(String(members[name]))) &&
    typeof reviewer === 'string' &&
    typeof time === 'string' &&
    TIME.test(time) &&
    ['PASS', 'WARN', 'FAIL'].includes(String(verdict)) &&
    numbers.length === 3 &&
    numbers.every((number) => Number.isSafeInteger(number))
  );
}

/** Returns the path of an approval in the folder of the journal. */
export function approvalPath(digest: string): string {
  return `${FOLDER}/${digest}.json`;
}

/** An approval as it is kept. */
export interface KeptApproval {
  readonly bytes: Buffer;
  /** Text of its signature; null if it has none. */
  readonly signature: string | null;
}

/** Reads an approval by its digest; null if its file is missing or has other bytes. */
export function readApproval(journal: string, digest: string): KeptApproval | null {
  if (!/^[0-9a-f]{64}$/.test(digest)) return null;
  const path = join(journal, approvalPath(digest));
  const bytes = readPlainFile(path, MAX_APPROVAL);
  if (bytes === null || approvalDigest(bytes) !== digest) return null;
  const signature = readPlainFile(`${path}.sig`, MAX_APPROVAL);
  return { bytes, signature: signature?.toString('latin1') ?? null };
}

/**
 * Keeps an approval; durable when it returns. Removes what a killed command has left: files of
 * approvals that are not in `journaled`.
 */
export function keepApproval(
  journal: string,
  { bytes, signature }: KeptApproval,
  journaled: ReadonlySet<string>,
): void {
  const folder = join(journal, FOLDER);
  assertApprovalsFolder(journal);
  makeFolder(folder);
  syncFolder(journal);
  for (const { name } of entriesOf(folder)) {
    const [, digest] = /^\.?([0-9a-f]{64})\.json(?:\.sig)?(?:\.new)?$/.exec(name) ?? [];
    if (digest !== undefined && !journaled.has(digest)) remove(join(folder, name));
  }
  const digest = approvalDigest(bytes);
  if (signature !== null) put(folder, `${digest}.json.sig`, Buffer.from(signature, 'latin1'));
  put(folder, `${digest}.json`, bytes);
  syncFolder(folder);
}

/** @throws Failure JOURNAL if another kind of file is in place of the folder of approvals */
export function assertApprovalsFolder(journal: string): void {
  const folder = join(journal, FOLDER);
  const stat = statOf(folder);
  if (stat === undefined || stat.isDirectory()) return;
  throw inTheWay('JOURNAL', 'an unexpected file or link is in place of the approvals', folder);
}

/** Writes a file in one step. */
function put(folder: string, name: string, bytes: Uint8Array): void {
  const fresh = join(folder, `.${name}.new`);
  remove(fresh);
  writeFileDurably(fresh, bytes);
  rename(fresh, join(folder, name));
}
