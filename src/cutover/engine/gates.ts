/**
 * Steps that wait: for approvals of people, for the window, or for a check that has to pass for some time. Each
 * is inspected, and either has an end or tells what it waits for; nothing of it is in flight in between, so that
 * no process has to live that long.
 */

import { parseApproval, type Approval, type GateSubject } from '../../journal/approval.ts';
import { isoTime } from '../../outcome/age.ts';
import { isSameName } from '../../run/personName.ts';
import { parseDuration, formatDuration } from '../../record/duration.ts';
import { countPeople, type Judged } from '../../project/reviewers.ts';
import { numberOf, requiredText, textOf } from '../steps/stepMembers.ts';
import type { Runbook, Step, Until } from '../runbook.ts';
import type { WaitReason } from '../runState.ts';
import type { StepResult } from '../steps/stepType.ts';
import { openingAt } from '../openings.ts';
import { attempt } from './attempt.ts';
import { underWay } from './attend.ts';
import { inspectStage } from './inspectStage.ts';
import { outputFacts, type ApprovalsOfRun, type LiveRun } from './liveRun.ts';
import { keptWhenOpened, type RunRecord, type Sample } from './runRecord.ts';

/** What a step waits for, until when at most (ms since 1970; null: until a person acts), and in what words. */
export interface Waiting {
  readonly reason: WaitReason;
  readonly until: number | null;
  readonly says: string;
}

export type Looked = { readonly ends: StepResult } | { readonly waits: Waiting };

/** Looks at a step that waits; null if what it did was stopped. */
export async function inspectStep(run: LiveRun, step: Step): Promise<Looked | null> {
  if (step.until !== null) return inspectSoak(run, step, step.until);
  if (step.use === 'rollout.soak') return inspectStage(run, step);
  if (run.rehearsal !== null) {
    return { ends: { verdict: 'PASS', says: 'not waited for, as this is a rehearsal' } };
  }
  return step.use === 'gate.window' ? inspectWindow(run) : inspectApprovals(run, step);
}

function inspectWindow({ runbook: { window }, world }: LiveRun): Looked {
  const now = world.now();
  const opening = window === null ? null : openingAt(window, now);
  if (window === null || opening === null) {
    return { ends: { verdict: 'FAIL', says: 'the window is over' } };
  }
  const [from, to] = [opening.from, opening.to].map((at) => isoTime(at / 1000));
  if (now.getTime() >= opening.from) {
    return { ends: { verdict: 'PASS', says: `the window is open until ${to}` } };
  }
  return { waits: { reason: 'window', until: opening.from, says: `opens at ${from}` } };
}

/** An approval with the person who made it. */
export interface CountedApproval {
  readonly judged: Judged;
  readonly digest: string;
}

/** A run at a moment, as far as its gates are judged by it. */
export interface GateMoment {
  readonly runbook: Runbook;
  readonly record: RunRecord;
  readonly approvals: ApprovalsOfRun;
  /** Milliseconds since 1970. */
  readonly at: number;
}

/** Judges the approvals of a gate that were recorded. */
export async function judgeApprovals(
  { runbook, record, approvals, at }: GateMoment,
  step: Step,
): Promise<readonly CountedApproval[]> {
  const subject = approvals.subjectOf(step.id);
  const expires = parseDuration(textOf(step.members, 'expires') ?? '');
  const judged: CountedApproval[] = [];
  for (const { step: id, approval: digest, who } of record.approvals) {
    if (id !== step.id) continue;
    const kept = approvals.read(digest);
    const approval = kept === null ? null : parseApproval(kept.bytes, 'open-gate');
    if (kept === null || approval === null) {
      judged.push({ digest, judged: refusal(who, 'its file is missing, or was edited') });
      continue;
    }
    const reason =
      unboundReason(approval, subject, expires, at) ?? roleReason(runbook, step, approval.reviewer);
    judged.push({
      digest,
      judged:
        reason === null
          ? await approvals.judge(approval.reviewer, digest, kept, excluded(step, record))
          : refusal(approval.reviewer, reason),
    });
  }
  return judged;
}

/** Returns why an approval is not one of this gate at this time (ms since 1970); null if it is. `expires` in ms; null for never. */
export function unboundReason(
  { subject: approved, time }: Approval<'open-gate'>,
  subject: GateSubject,
  expires: number | null,
  at: number,
): string | null {
  if (approved.run !== subject.run) return 'it is of another run';
  if (approved.step !== subject.step) return 'it is of another step';
  if (approved.plan !== subject.plan) return 'the runbook has changed since';
  if (approved.target !== subject.target) return 'it is for another database or application';
  if (approved.evidence !== subject.evidence) return 'the run has gone on since';
  const age = at - Date.parse(time);
  if (age < -60_000) return 'its time is in the future';
  return expires !== null && age > expires ? 'it has expired' : null;
}

/** Those who operate a run do not decide its gates, unless the runbook says so. */
export function excluded({ members }: Step, { operators }: RunRecord): readonly string[] {
  return members['notOperator'] === false ? [] : [...operators];
}

function refusal(reviewer: string, refused: string): Judged {
  return { reviewer, signer: null, refused };
}

/** Returns why a person may not decide a gate, by the roles of the runbook; null if they may. */
export function roleReason({ roles }: Runbook, step: Step, name: string): string | null {
  const role = requiredText(step.members, 'role');
  const people = roles.get(role) ?? [];
  return people.some((one) => isSameName(one, name))
    ? null
    : `${name} does not have the role ${role}`;
}

/** How many people a gate needs. */
export function peopleNeeded({ members }: Step): number {
  return numberOf(members, 'of') ?? 1;
}

async function inspectApprovals(run: LiveRun, step: Step): Promise<Looked> {
  const { runbook, held, approvals, world } = run;
  const moment = { runbook, record: held.record, approvals, at: world.now().getTime() };
  const valid = (await judgeApprovals(moment, step)).filter(
    ({ judged }) => judged.refused === null,
  );
  const counted = valid.map(({ judged }) => judged);
  const [people, needed] = [countPeople(counted), peopleNeeded(step)];
  const names = [...new Set(counted.map(({ reviewer }) => reviewer))].join(', ');
  if (people >= needed) {
    const kept = keptWhenOpened(valid.map(({ digest }) => digest));
    return { ends: { verdict: 'PASS', says: `approved by ${names}`, kept } };
  }
  const role = requiredText(step.members, 'role');
  const so = names === '' ? '' : `, so far ${names}`;
  const says = `${people} of ${needed} of the role ${role}${so}`;
  return { waits: { reason: 'approval', until: null, says } };
}

/** One look of a check that has to pass for some time, if it is due. */
async function inspectSoak(run: LiveRun, step: Step, until: Until): Promise<Looked | null> {
  const { held, world } = run;
  const key = `step:${step.id}`;
  const last = held.record.samples.get(key)?.at(-1);
  const due = last === undefined ? 0 : last.at + until.every;
  if (world.now().getTime() < due) return { waits: soakWait(run, key, until, due) };
  const result = await underWay(run, (signal) => attempt(run, step.id, step, 'apply', signal));
  if (result === null) return null;
  const { verdict, says, results = {} } = result;
  const value = results.count ?? results.failed ?? null;
  const facts = { says, ...outputFacts(run, step.id) };
  held.commit({ event: 'sampled', of: key, verdict, value }, facts);
  const samples = held.record.samples.get(key) ?? [];
  const passed = soaked(samples, until.every);
  const needed = run.rehearsal === null ? until.for : 0;
  if (verdict !== 'FAIL' && verdict !== 'INCONCLUSIVE' && passed >= needed) {
    const lasted = passed === 0 ? '' : `, for ${formatDuration(passed)}`;
    return { ends: { ...result, says: `${says}${lasted}` } };
  }
  const begun = Date.parse(held.record.steps.get(step.id)?.begunAt ?? '');
  const waited = world.now().getTime() - begun;
  if (until.within !== null && waited >= until.within) {
    const tried = `${says}; given up after ${formatDuration(waited)}`;
    return {
      ends: { ...result, verdict: verdict === 'INCONCLUSIVE' ? verdict : 'FAIL', says: tried },
    };
  }
  return { waits: soakWait(run, key, until, world.now().getTime() + until.every) };
}

function soakWait({ held }: LiveRun, key: string, until: Until, due: number): Waiting {
  const passed = soaked(held.record.samples.get(key) ?? [], until.every);
  const says = `${formatDuration(passed)} of ${formatDuration(until.for)} passed`;
  return { reason: 'soak', until: due, says };
}

/**
 * Returns for how long a check has passed, in ms: the time between looks that passed, one after the other. A
 * look that failed begins anew; what lies between looks that were missed is not known, and does not count.
 */
export function soaked(samples: readonly Sample[], every: number): number {
  let sum = 0;
  let before: Sample | null = null;
  for (const sample of samples) {
    const passes = sample.verdict === 'PASS' || sample.verdict === 'WARN';
    if (sample.verdict === 'FAIL') sum = 0;
    if (passes && before !== null && sample.at - before.at <= 2 * every)
      sum += sample.at - before.at;
    before = passes ? sample : null;
  }
  return sum;
}
