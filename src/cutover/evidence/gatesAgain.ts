/**
 * Gates of a run, judged again: each that was opened needs as many people as the runbook says, whose approvals
 * are bound to what the journal was then, and valid by the allowed signers at that time.
 */

import { parseApproval } from '../../journal/approval.ts';
import { approvalDigest, approvalPath, type KeptApproval } from '../../journal/approvalFile.ts';
import type { JournalEntry } from '../../journal/line.ts';
import type { Finding } from '../../outcome/finding.ts';
import { ruleFinding } from '../../outcome/rules.ts';
import { approvalNote, countPeople, type Judged } from '../../project/reviewers.ts';
import { judgeApprovals, peopleNeeded, type CountedApproval } from '../engine/gates.ts';
import { subjectOf } from '../engine/openRun.ts';
import { countedIn, recordOf, type RunRecord } from '../engine/runRecord.ts';
import { isOpenedByPeople, type Step } from '../runbook.ts';
import { runStepsOf } from '../runSteps.ts';
import type { RunEvidence } from './runEvidence.ts';

/** An approval, and by what it is judged who made it. */
export interface ApprovalAgain {
  readonly reviewer: string;
  readonly kept: KeptApproval;
  /** Who may not have made it. */
  readonly excluded: readonly string[];
  /** Time at which keys have to be valid, ISO 8601, UTC. */
  readonly at: string;
  /** Whether the run began with allowed signers. */
  readonly hadSigners: boolean;
}

export type JudgeOfRun = (approval: ApprovalAgain) => Promise<Judged>;

export interface JudgingAgain {
  readonly judge: JudgeOfRun;
  /** Reads the signature of an approval by its digest; null for none. */
  readonly signatureOf: (digest: string) => string | null;
}

export interface JudgedGates {
  readonly findings: readonly Finding[];
  /** Who opened each gate, as sentences. */
  readonly notes: readonly string[];
}

/** Judges all gates that people opened. */
export async function judgeGates(
  evidence: RunEvidence,
  judging: JudgingAgain,
): Promise<JudgedGates> {
  const { runbook, planHash, lines, where } = evidence;
  // The record as it was before each line, as approvals count by what was known then.
  const book = recordOf(runStepsOf(runbook), { path: where, planHash }, [], where);
  const gates: JudgedGates[] = [];
  for (const line of lines) {
    const step = openedBy(line, evidence);
    if (step !== null) gates.push(await judgeOpening(step, line, book.record, evidence, judging));
    book.add(line);
  }
  return {
    findings: [
      ...(await lineFindings(evidence, judging)),
      ...gates.flatMap(({ findings }) => findings),
    ],
    notes: gates.flatMap(({ notes }) => notes),
  };
}

/** What a line says of an approval has to be what its file says, and its signature proves. */
async function lineFindings(
  { lines, approvals, record }: RunEvidence,
  { judge, signatureOf }: JudgingAgain,
): Promise<readonly Finding[]> {
  const found: Finding[] = [];
  for (const { event, at, ...line } of lines) {
    if (event !== 'approved') continue;
    const digest = String(line['approval']);
    const kept = keptIn(digest, approvals, signatureOf);
    const approval = kept === null ? null : parseApproval(kept.bytes, 'open-gate');
    const file = approvalPath(digest);
    if (kept === null) continue;
    if (approval === null || approval.reviewer !== line['who']) {
      found.push(
        ruleFinding('approval', file, 'the journal says of it that another person made it'),
      );
      continue;
    }
    const hadSigners = record.begun?.signers != null;
    const { reviewer } = approval;
    const { signer } = await judge({ reviewer, kept, excluded: [], at, hadSigners });
    if (line['signer'] !== signer) {
      found.push(
        ruleFinding('approval', file, 'the journal names another key than that of its signature'),
      );
    }
  }
  return found;
}

/** The gate that a line opens by approvals; null for any other line. A rehearsal waits for no people. */
function openedBy(line: JournalEntry, { runbook, record }: RunEvidence): Step | null {
  if (line.event !== 'step-ended' || line['verdict'] !== 'PASS') return null;
  const step = runbook.steps.find(({ id }) => id === line['step']);
  if (step === undefined || !isOpenedByPeople(step)) return null;
  return record.begun?.isRehearsal === true ? null : step;
}

async function judgeOpening(
  step: Step,
  line: JournalEntry,
  before: RunRecord,
  evidence: RunEvidence,
  judging: JudgingAgain,
): Promise<JudgedGates> {
  const all = await judgedAt(step, line, before, evidence, judging);
  const counted = countedIn(line['kept']);
  const findings = counted.flatMap((digest): Finding[] => {
    const one = all.find((approval) => approval.digest === digest);
    const file = approvalPath(digest);
    if (one === undefined) {
      return [ruleFinding('approval', file, `${step.id} counted it, and no line before names it`)];
    }
    const { refused, signer } = one.judged;
    if (refused !== null) {
      return [ruleFinding('approval', file, `${step.id} counted it, but ${refused}`)];
    }
    if (signer !== null) return [];
    return [ruleFinding('evidence', file, 'no key signed this approval, so it proves no person')];
  });
  const valid = all.filter(({ digest, judged }) => {
    return counted.includes(digest) && judged.refused === null;
  });
  const notes = valid.map(({ judged }) => `${step.id}: ${approvalNote(judged)}`);
  const people = countPeople(valid.map(({ judged }) => judged));
  const needed = peopleNeeded(step);
  if (people >= needed) return { findings, notes };
  const reason = `${step.id} was opened with ${people} valid approvals of ${needed}`;
  return { findings: [...findings, ruleFinding('approval', evidence.where, reason)], notes };
}

/** Judges the approvals of a gate as they were known before the line that opened it. */
async function judgedAt(
  step: Step,
  { at }: JournalEntry,
  record: RunRecord,
  { run, runbook, approvals }: RunEvidence,
  { judge, signatureOf }: JudgingAgain,
): Promise<readonly CountedApproval[]> {
  const moment = {
    runbook,
    record,
    at: Date.parse(at),
    approvals: {
      subjectOf: (id: string) => subjectOf(run, record, id),
      read: (digest: string) => keptIn(digest, approvals, signatureOf),
      judge: (reviewer: string, _: string, kept: KeptApproval, excluded: readonly string[]) =>
        judge({ reviewer, kept, excluded, at, hadSigners: record.begun?.signers != null }),
    },
  };
  return judgeApprovals(moment, step);
}

function keptIn(
  digest: string,
  approvals: RunEvidence['approvals'],
  signatureOf: JudgingAgain['signatureOf'],
): KeptApproval | null {
  const bytes = approvals(digest);
  if (bytes === null || approvalDigest(bytes) !== digest) return null;
  return { bytes: Buffer.from(bytes), signature: signatureOf(digest) };
}
