/**
 * What a person signs to open a gate: a file as that of a candidate's approval (journal/approvalFile.ts), with
 * canonical JSON and the same namespace. It is bound to the run, its plan and the files that it reads, to the
 * databases and applications, and to the journal before the gate: another attempt of the gate needs another
 * approval. Pure.
 */

import { canonicalJson } from '../../record/canonical.ts';
import { decodeUtf8 } from '../../record/jsonText.ts';

const PURPOSE = 'open-gate';
/** Member of what an open gate keeps: digests of the approvals that it was opened with, with spaces between. */
export const COUNTED = 'counted';

/** What an approval of a gate is bound to. */
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

export interface GateApproval extends GateSubject {
  readonly format: 1;
  readonly purpose: typeof PURPOSE;
  readonly role: string;
  /** What the person says; empty for an approval of all that was seen. */
  readonly statement: string;
  readonly reviewer: string;
  /** ISO 8601, UTC. */
  readonly time: string;
}

/** Makes an approval. */
export function gateApproval(about: Omit<GateApproval, 'format' | 'purpose'>): GateApproval {
  return { format: 1, purpose: PURPOSE, ...about };
}

/** Returns the bytes of its file. */
export function encodeGateApproval(approval: GateApproval): Buffer {
  return Buffer.from(`${canonicalJson(approval)}\n`);
}

const TEXTS = ['run', 'step', 'role', 'statement', 'reviewer'] as const;
const DIGESTS = ['plan', 'target', 'evidence'] as const;
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

/** Reads an approval; null if these are not exactly the bytes of one. */
export function parseGateApproval(bytes: Uint8Array): GateApproval | null {
  const text = decodeUtf8(bytes);
  if (text === null) return null;
  try {
    const value: unknown = JSON.parse(text);
    if (!isGateApproval(value)) return null;
    return encodeGateApproval(value).equals(bytes) ? value : null;
  } catch {
    return null;
  }
}

function isGateApproval(value: unknown): value is GateApproval {
  const members = Object(value) as Record<string, unknown>;
  return (
    members['format'] === 1 &&
    members['purpose'] === PURPOSE &&
    Object.keys(members).length === TEXTS.length + DIGESTS.length + 3 &&
    TEXTS.every((name) => typeof members[name] === 'string') &&
    DIGESTS.every((name) => /^[0-9a-f]{64}$/.test(String(members[name]))) &&
    TIME.test(String(members['time']))
  );
}

/** Returns why an approval is not one of this gate at this time; null if it is. `expires` in ms; null for never. */
export function unboundReason(
  approval: GateApproval,
  subject: GateSubject,
  expires: number | null,
  now: Date,
): string | null {
  if (approval.run !== subject.run) return 'it is of another run';
  if (approval.step !== subject.step) return 'it is of another step';
  if (approval.plan !== subject.plan) return 'the runbook has changed since';
  if (approval.target !== subject.target) return 'it is for another database or application';
  if (approval.evidence !== subject.evidence) return 'the run has gone on since';
  const age = now.getTime() - Date.parse(approval.time);
  if (age < -60_000) return 'its time is in the future';
  return expires !== null && age > expires ? 'it has expired' : null;
}
