/**
 * What a person signs to approve: one form for a candidate and for a gate of a cutover (docs/approvals.md), as
 * canonical JSON (RFC 8785) and LF. What an approval is bound to is its `subject`, whose members the purpose
 * fixes. Reads exactly the bytes that it writes, so one approval has one digest. Pure.
 */

import type { Severity, Verdict } from '../outcome/finding.ts';
import { canonicalJson } from '../record/canonical.ts';
import { decodeUtf8 } from '../record/jsonText.ts';

/** Namespace of the signatures, so that a signature for another purpose is no approval. */
export const APPROVAL_NAMESPACE = 'sealift-approval';
/** Maximum bytes of an approval or a signature, far above any that is made. */
export const MAX_APPROVAL: number = 64 * 1024;

/** What an approval of a candidate is bound to. Digests are SHA-256 in lower-case hex. */
export interface CandidateSubject {
  readonly sealId: string;
  readonly dataRoot: string;
  /** Digest of the sealed mapping. */
  readonly mapping: string;
  /** Digest of the checks and severities of the scan; see checksDigest.ts. */
  readonly checks: string;
  /** Result of the last full scan. */
  readonly scan: {
    readonly verdict: Verdict;
    readonly counts: Readonly<Record<Severity, number>>;
  };
  /** Digest of the journal's last line at that time. */
  readonly journalHead: string;
}

/** What an approval of a gate is bound to: another attempt of the gate needs another approval. */
export interface GateSubject {
  readonly run: string;
  readonly step: string;
  /** SHA-256 of the plan with the files that steps read, lower-case hex. */
  readonly plan: string;
  /** Identity of the databases and applications, lower-case hex. */
  readonly target: string;
  /** SHA-256 of the last line of the run's journal before the gate. */
  readonly evidence: string;
}

interface Subjects {
  readonly 'approve-candidate': CandidateSubject;
  readonly 'open-gate': GateSubject;
}

export type Purpose = keyof Subjects;

export interface Approval<P extends Purpose> {
  readonly format: 1;
  readonly purpose: P;
  readonly subject: Subjects[P];
  /** By which role the person decides; null for a candidate, which any reviewer may approve. */
  readonly role: string | null;
  /** What the person says; null for an approval of all that was seen. */
  readonly statement: string | null;
  readonly reviewer: string;
  /** When it was written, ISO 8601, UTC. */
  readonly time: string;
}

type Check = (value: unknown) => boolean;

const isText: Check = (value) => typeof value === 'string' && value !== '';
const isDigest: Check = (value) => typeof value === 'string' && /^[0-9a-f]{64}$/.test(value);
const isCount: Check = (value) => Number.isSafeInteger(value) && Number(value) >= 0;
const isNull: Check = (value) => value === null;
const isVerdict: Check = (value) => value === 'PASS' || value === 'WARN' || value === 'FAIL';

/** Checks that a value has these members, no others, and each as it has to be. */
function members(checks: Readonly<Record<string, Check>>): Check {
  const expected = Object.entries(checks);
  return (value) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
    const found = new Map(Object.entries(value));
    return (
      found.size === expected.length && expected.every(([name, check]) => check(found.get(name)))
    );
  };
}

const isTime: Check = (value) => {
  if (typeof value !== 'string' || !/^\d{4}-/.test(value)) return false;
  const time = new Date(0);
  time.setTime(Date.parse(value));
  // Null for a text that is no time; another text for a day that does not exist.
  return time.toJSON() === value;
};

const COMMON = {
  format: (value: unknown) => value === 1,
  statement: (value: unknown) => value === null || isText(value),
  reviewer: isText,
  time: isTime,
} as const;

const FORMS: Readonly<Record<Purpose, Check>> = {
  'approve-candidate': members({
    ...COMMON,
    purpose: (value) => value === 'approve-candidate',
    role: isNull,
    subject: members({
      sealId: isDigest,
      dataRoot: isDigest,
      mapping: isDigest,
      checks: isDigest,
      scan: members({
        verdict: isVerdict,
        counts: members({ BLOCKER: isCount, WARNING: isCount, INFO: isCount }),
      }),
      journalHead: isDigest,
    }),
  }),
  'open-gate': members({
    ...COMMON,
    purpose: (value) => value === 'open-gate',
    role: isText,
    subject: members({
      run: isText,
      step: isText,
      plan: isDigest,
      target: isDigest,
      evidence: isDigest,
    }),
  }),
};

/** Returns the bytes of an approval's file. */
export function encodeApproval<P extends Purpose>(approval: Omit<Approval<P>, 'format'>): Buffer {
  return Buffer.from(`${canonicalJson({ format: 1, ...approval })}\n`);
}

/** Reads an approval of this purpose; null if these are not exactly the bytes of one. */
export function parseApproval<P extends Purpose>(
  bytes: Uint8Array,
  purpose: P,
): Approval<P> | null {
  const text = bytes.length > MAX_APPROVAL ? null : decodeUtf8(bytes);
  if (text === null) return null;
  try {
    const value: unknown = JSON.parse(text);
    if (!isApproval(value, purpose)) return null;
    return encodeApproval(value).equals(bytes) ? value : null;
  } catch {
    return null;
  }
}

function isApproval<P extends Purpose>(value: unknown, purpose: P): value is Approval<P> {
  return FORMS[purpose](value);
}
