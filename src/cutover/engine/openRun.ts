/** Opens a run for work: its journal is read and held, and what its parts have in common is put together. */

import { hash } from 'node:crypto';

import type { GateSubject } from '../../journal/approval.ts';
import { readApproval, type KeptApproval } from '../../journal/approvalFile.ts';
import type { JournalMembers } from '../../journal/line.ts';
import type { ProjectPaths } from '../../project/paths.ts';
import type { Judged } from '../../project/reviewers.ts';
import { canonicalJson } from '../../record/canonical.ts';
import type { Runbook } from '../runbook.ts';
import { runStepsOf } from '../runSteps.ts';
import { STEP_TYPES } from '../steps/stepTypes.ts';
import type { Redactor } from '../../redact/redactor.ts';
import type { World } from '../world/world.ts';
import { holdRun } from './heldRun.ts';
import type { ApprovalsOfRun, LiveRun, Rehearsal, StepTypes } from './liveRun.ts';
import type { RunPlaces } from './runPlaces.ts';
import type { PlanIdentity, RunBeginning, RunRecord } from './runRecord.ts';
import { watchesOf } from './watches.ts';

export interface OpenRunRequest {
  readonly paths: ProjectPaths;
  readonly places: RunPlaces;
  readonly runbook: Runbook;
  readonly plan: PlanIdentity;
  readonly world: World;
  readonly outputsOf: LiveRun['outputsOf'];
  readonly othersAtWork: LiveRun['othersAtWork'];
  readonly types?: StepTypes;
  readonly command: string;
  readonly who: string | null;
  readonly pid: number;
  readonly rehearsal: Rehearsal | null;
  readonly say: (line: string) => void;
  readonly shows: (label: string) => () => void;
  readonly stopping: AbortSignal;
  /** Judges who made an approval, which `excluded` may not have. */
  readonly judge: (
    reviewer: string,
    kept: KeptApproval,
    excluded: readonly string[],
  ) => Promise<Judged>;
}

/** Opens a run; it is closed by its `held`. @throws Failure BUSY, JOURNAL, DISK, USAGE */
export function openRun(request: OpenRunRequest): LiveRun {
  const { paths, places, runbook, world, command, who, pid, say, shows, stopping } = request;
  const steps = runStepsOf(runbook);
  const held = holdRun({
    paths,
    places,
    steps,
    plan: request.plan,
    command,
    who,
    pid,
    now: world.now,
    redact: (members) => redacted(members, world.redactor),
  });
  return {
    runbook,
    steps,
    types: request.types ?? STEP_TYPES,
    watches: watchesOf(runbook),
    stands: new Map(),
    held,
    world,
    outputsOf: request.outputsOf,
    othersAtWork: request.othersAtWork,
    who,
    approvals: approvalsOf(request, held.record),
    rehearsal: request.rehearsal,
    say: (line) => say(world.redactor.text(line)),
    shows,
    stopping,
  };
}

/**
 * Members by which a run goes on: names of the runbook and of people, digests, and what steps keep for later ones.
 * A password that is also the name of a step, such as `postgres`, must not make another step of it.
 */
const OWN: ReadonlySet<string> = new Set(
  `event step use of reason verdict presence progress action
  runbook planHash files target signers tool operator who approval signer outputs kept`.split(
    /\s+/,
  ),
);

/** Takes secrets out of what a line says. */
function redacted(members: JournalMembers, redactor: Redactor): JournalMembers {
  const clean = (value: unknown): unknown => {
    if (typeof value === 'string') return redactor.text(value);
    if (Array.isArray(value)) return value.map(clean);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, clean(one)]));
  };
  const cleaned = Object.entries(members).map(([name, value]) => {
    return [name, OWN.has(name) ? value : clean(value)];
  });
  return { ...(Object.fromEntries(cleaned) as object), event: members.event };
}

function approvalsOf({ places, judge }: OpenRunRequest, record: RunRecord): ApprovalsOfRun {
  const judged = new Map<string, Promise<Judged>>();
  return {
    subjectOf: (step) => subjectOf(places.run, record, step),
    read: (digest) => readApproval(places.folder, digest),
    judge(reviewer, digest, kept, excluded) {
      const known = judged.get(digest) ?? judge(reviewer, kept, excluded);
      judged.set(digest, known);
      return known;
    },
  };
}

/** Returns what an approval of a gate is bound to now. */
export function subjectOf(run: string, record: RunRecord, step: string): GateSubject {
  const { begun, steps } = record;
  return {
    run,
    step,
    plan: begun === null ? '' : boundPlan(begun),
    target: begun?.target ?? '',
    evidence: steps.get(step)?.evidence ?? '',
  };
}

/** Returns the SHA-256 of a plan with the files that its steps read, lower-case hex. */
export function boundPlan({ planHash, files }: Pick<RunBeginning, 'planHash' | 'files'>): string {
  return hash('sha256', canonicalJson({ plan: planHash, files }), 'hex');
}
