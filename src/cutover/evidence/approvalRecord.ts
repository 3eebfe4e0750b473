/**
 * All approvals and attestations of a run, with what each says and whether it counted: the line of the journal
 * that opened the gate names those that did. Their signatures are beside them, and are not verified here. Pure.
 */

import { hash } from 'node:crypto';

import { parseApproval } from '../../journal/approval.ts';
import type { JournalEntry } from '../../journal/line.ts';
import { jsonFile } from '../../seal/format.ts';
import { countedIn } from '../engine/runRecord.ts';
import { textOf } from '../steps/stepMembers.ts';
import { type Found, type RunEvidence } from './runEvidence.ts';

export interface RecordedDecision {
  readonly step: string;
  readonly kind: 'approval' | 'attestation';
  readonly role: string | null;
  /** What the person says; empty for an approval of all that was seen. */
  readonly statement: string;
  readonly reviewer: string;
  /** Fingerprint of the key; null for a name that no key has signed. */
  readonly signer: string | null;
  /** When it was made, ISO 8601, UTC; null if its file is not intact. */
  readonly time: string | null;
  /** When its line was written. */
  readonly recorded: string;
  /** SHA-256 of its file. */
  readonly sha256: string;
  readonly file: Found;
  /** Whether the gate was opened with it; null while it is not open. */
  readonly counted: boolean | null;
}

/** Returns the approvals in the order of the journal. */
export function decisionsOf(evidence: RunEvidence): readonly RecordedDecision[] {
  const { lines } = evidence;
  const opened = countedByStep(lines);
  return lines.flatMap((line) => {
    return line.event === 'approved' ? [decision(evidence, line, opened)] : [];
  });
}

/** Digests of the approvals that have opened each gate, by the id of its step; none of a gate that is not open. */
function countedByStep(lines: readonly JournalEntry[]): ReadonlyMap<string, ReadonlySet<string>> {
  const opened = new Map<string, ReadonlySet<string>>();
  for (const { event, step, verdict, kept } of lines) {
    if (event !== 'step-ended' || verdict !== 'PASS') continue;
    const id = String(step);
    opened.set(id, new Set([...(opened.get(id) ?? []), ...countedIn(kept)]));
  }
  return opened;
}

function decision(
  evidence: RunEvidence,
  line: JournalEntry,
  opened: ReadonlyMap<string, ReadonlySet<string>>,
): RecordedDecision {
  const [step = '', sha256 = '', who = ''] = [line['step'], line['approval'], line['who']].map(
    String,
  );
  const { signer } = line;
  const bytes = /^[0-9a-f]{64}$/.test(sha256) ? evidence.approvals(sha256) : null;
  const isSame = bytes !== null && hash('sha256', bytes, 'hex') === sha256;
  const approval = isSame ? parseApproval(bytes, 'open-gate') : null;
  const gate = evidence.runbook.steps.find(({ id }) => id === step);
  return {
    step,
    kind: gate?.use === 'attest' ? 'attestation' : 'approval',
    role: approval?.role ?? textOf(gate?.members ?? {}, 'role'),
    statement: approval?.statement ?? textOf(gate?.members ?? {}, 'text') ?? '',
    reviewer: approval?.reviewer ?? who,
    signer: typeof signer === 'string' ? signer : null,
    time: approval?.time ?? null,
    recorded: line.at,
    sha256,
    file: approval !== null ? 'intact' : bytes === null ? 'missing' : 'changed',
    counted: opened.get(step)?.has(sha256) ?? null,
  };
}

/** Makes `approval_record.json`. */
export function approvalRecord(evidence: RunEvidence): Buffer {
  return Buffer.from(jsonFile({ format: 1, run: evidence.run, approvals: decisionsOf(evidence) }));
}
