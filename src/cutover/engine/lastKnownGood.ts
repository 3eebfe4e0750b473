/**
 * What a run has really deployed, as its journal has it: the commit that the application reported and the one
 * before it, migrations, settings, and what the checks have said. Pure.
 *
 * A setting has a digest of the runbook's own text for it, in which a secret is the name of its input: the value
 * itself is in no digest that could be guessed.
 */

import { hash } from 'node:crypto';

import type { ChainEnd } from '../../journal/line.ts';
import { isoTime } from '../../outcome/age.ts';
import { canonicalJson } from '../../record/canonical.ts';
import { formatDuration } from '../../record/duration.ts';
import { jsonFile } from '../../seal/format.ts';
import type { Runbook } from '../runbook.ts';
import type { StepName } from '../steps/stepTypes.ts';
import type { StepVerdict } from '../steps/stepType.ts';
import { textOf } from '../steps/stepMembers.ts';
import { countedIn, type RunRecord } from './runRecord.ts';
import { stepsSeen, type SeenStep } from './stepsSeen.ts';

/** A run whose deployments are known. */
export interface DeployingRun {
  readonly run: string;
  readonly runbook: Runbook;
  readonly record: RunRecord;
  /** The end of the journal: the number of its last line, and the SHA-256 of that. */
  readonly end: ChainEnd;
}

/** A commit, with the step by which it is known. */
interface Deployed {
  readonly step: string;
  readonly use: StepName;
  /** Null where health has not told. */
  readonly commit: string | null;
  /** What health reported before; null where it has not told, and for steps of git. */
  readonly before: string | null;
}

/** Makes the record as canonical JSON and LF. Of a run that goes on, it is what is true so far. */
export function lastKnownGood(known: DeployingRun): Buffer {
  const { run, runbook, record, end } = known;
  const { begun, state, operators, lastAt } = record;
  const steps = stepsSeen(known);
  const done = steps.filter(({ status }) => status === 'PASS' || status === 'WARN');
  const deployments = deploymentsIn(done);
  const monitors = monitorsIn(record);
  const waived = steps.filter(({ seen }) => seen.waived !== null);
  const over = steps.filter(({ status }) => status !== 'PENDING' && status !== 'STARTED');
  return Buffer.from(
    jsonFile({
      format: 1,
      run,
      runbook: runbook.name,
      title: runbook.title,
      target: runbook.target,
      status: state.status,
      deployed: deployments.at(-1) ?? null,
      deployments,
      migration: migrationIn(done),
      settings: done.flatMap((one) => settingOf(one, runbook)),
      health: healthIn(steps),
      monitors,
      allPassed: over.every(hasPassed) && monitors.every(({ verdict }) => verdict === 'PASS'),
      warned: idsOf(steps.filter(({ status }) => status === 'WARN')),
      waived: idsOf(waived),
      window: windowOf(runbook),
      begun: begun?.at ?? null,
      completed: state.status === 'COMPLETED' ? lastAt : null,
      operators: [...operators],
      approvers: approversIn(steps, record),
      planHash: begun?.planHash ?? null,
      targetFingerprint: begun?.target ?? null,
      journal: { lines: end.seq, head: end.head },
    }),
  );
}

function idsOf(steps: readonly SeenStep[]): readonly string[] {
  return steps.map(({ step }) => step.id);
}

/** A step that was left out, as its condition did not hold, has not failed. */
function hasPassed({ status, seen }: SeenStep): boolean {
  return status === 'PASS' || (status === 'WAIVED' && seen.waived === null);
}

const OF_GIT = ['git.tag', 'git.commit'] as const;

/** Deployments in their order; without any, the commit of the last tag, or else of the last commit. */
function deploymentsIn(done: readonly SeenStep[]): readonly Deployed[] {
  const by = (use: StepName): readonly Deployed[] =>
    done.filter(({ step }) => step.use === use).map(deployedBy);
  const deployments = by('app.deploy');
  if (deployments.length > 0) return deployments;
  const commits = OF_GIT.map((use) => by(use).filter(({ commit }) => commit !== null));
  return (commits.find(({ length }) => length > 0) ?? []).slice(-1);
}

function deployedBy({ step, seen }: SeenStep): Deployed {
  const { commit, before } = seen.kept;
  return {
    step: step.id,
    use: step.use,
    commit: typeof commit === 'string' ? commit : null,
    before: typeof before === 'string' ? before : null,
  };
}

function migrationIn(
  done: readonly SeenStep[],
): { readonly step: string; readonly name: string } | null {
  const last = done.findLast(({ seen }) => typeof seen.kept['migration'] === 'string');
  return last === undefined
    ? null
    : { step: last.step.id, name: String(last.seen.kept['migration']) };
}

const SETTINGS: ReadonlySet<StepName> = new Set<StepName>(['config.set', 'app.writes']);

function settingOf({ step }: SeenStep, { inputs }: Runbook): readonly unknown[] {
  const { use, members, on } = step;
  if (!SETTINGS.has(use)) return [];
  const key = textOf(members, 'key') ?? 'writes';
  const [, name = ''] = /^\$\{([^}]*)\}$/.exec(String(members['set'])) ?? [];
  const plain = inputs.get(name);
  // A value that differs from run to run counts, and a secret is its name.
  const set = plain === undefined || typeof plain === 'object' ? members['set'] : plain;
  const text = canonicalJson({ key, set: set ?? null, on, file: textOf(members, 'file') });
  return [{ step: step.id, use, key, sha256: hash('sha256', text, 'hex') }];
}

const HEALTH: ReadonlySet<StepName> = new Set<StepName>(['http.check', 'http.cases']);

function healthIn(steps: readonly SeenStep[]): readonly unknown[] {
  return steps
    .filter(({ step, seen }) => HEALTH.has(step.use) && seen.verdict !== null)
    .map(({ step, seen: { verdict, endedAt } }) => ({ step: step.id, verdict, at: endedAt }));
}

interface LastLook {
  /** `watch:NAME`. */
  readonly of: string;
  readonly verdict: StepVerdict;
  readonly value: number | null;
  readonly at: string;
}

/** The last look of each monitor. */
function monitorsIn({ samples }: RunRecord): readonly LastLook[] {
  return [...samples].flatMap(([of, looks]) => {
    const last = looks.at(-1);
    if (last === undefined || !of.startsWith('watch:')) return [];
    const { verdict, value, at } = last;
    return [{ of, verdict, value, at: isoTime(at / 1000) }];
  });
}

function windowOf({ window }: Runbook): unknown {
  if (window === null) return null;
  return { tz: window.zone, start: window.start, for: formatDuration(window.for) };
}

function approversIn(steps: readonly SeenStep[], { approvals }: RunRecord): readonly unknown[] {
  return steps.flatMap(({ step, seen }) => {
    const counted = countedIn(seen.kept);
    return approvals
      .filter((one) => one.step === step.id && counted.includes(one.approval))
      .map(({ who, signer, approval }) => {
        return { step: step.id, role: textOf(step.members, 'role'), who, signer, approval };
      });
  });
}
