/**
 * The run of a runbook: one step after the other, as far as it gets without waiting. An intent is in the
 * journal before its effect, and the result after it; whatever the process does in between, the next one knows
 * where it was.
 */

import { formatDuration } from '../../record/duration.ts';
import { kindOf, type Step } from '../runbook.ts';
import { requiredNotPassed } from '../runMoves.ts';
import { isFinal, isOver } from '../runState.ts';
import { WITH_EFFECT, type StepResult, type StepVerdict } from '../steps/stepType.ts';
import { attempt, findBefore } from './attempt.ts';
import { attend, underWay } from './attend.ts';
import { conditionHolds } from './conditions.ts';
import { planOf } from './planOf.ts';
import { guardDueAt } from './guardStage.ts';
import { inspectStep, type Waiting } from './gates.ts';
import {
  endFacts,
  isPassed,
  outputFacts,
  sayEnd,
  statusOf,
  waits,
  type LiveRun,
} from './liveRun.ts';
import { react } from './react.ts';
import { attemptOrRepeat } from './repeat.ts';
import { breachOf, sampleWatch } from './sampleWatch.ts';
import { isTriedOnly } from './triedOnly.ts';
import { goBackOne } from './wayBack.ts';
import { dueAt, leftToWatch } from './watches.ts';

/**
 * - `over`: it has come to an end
 * - `held`: a person has to decide how it goes on
 * - `stopped`: the process was told to stop
 * - `waits`: until a time (ms since 1970), or a person acts where there is none
 */
export type Pause =
  | { readonly kind: 'over' | 'held' | 'stopped' }
  | ({ readonly kind: 'waits'; readonly step: string | null } & Waiting);

/** Goes on until nothing can be done now. */
export async function advance(run: LiveRun): Promise<Pause> {
  for (;;) {
    await attend(run, null);
    const { status } = run.held.record.state;
    if (isFinal(status)) return { kind: 'over' };
    if (status === 'PAUSED') return { kind: 'held' };
    if (run.stopping.aborted) return { kind: 'stopped' };
    if (status === 'ROLLING_BACK') {
      await goBackOne(run);
      continue;
    }
    const waiting = await goOn(run);
    if (waiting !== null) return waiting;
  }
}

async function goOn(run: LiveRun): Promise<Pause | null> {
  const { state } = run.held.record;
  const at = state.steps.findIndex((status) => !isOver(status));
  const step = run.runbook.steps[at];
  if (step === undefined) return finish(run);
  switch (state.steps[at]) {
    case 'VERIFYING':
      await verify(run, step, { verdict: 'PASS', says: 'it was done before' });
      return null;
    case 'STARTED':
      return wait(run, step);
    default:
      return begin(run, step);
  }
}

async function begin(run: LiveRun, step: Step): Promise<Pause | null> {
  const { held } = run;
  if (step.when !== null && !conditionHolds(run, step.when, false)) {
    const says = `left out, as ${step.when} does not hold`;
    held.commit({ event: 'step-left-out', step: step.id }, { says });
    run.say(`${step.id}: ${says}`);
    return null;
  }
  const obstacle =
    lacking(run, step) ?? (WITH_EFFECT.has(kindOf(step)) ? await run.othersAtWork() : null);
  if (obstacle !== null) {
    held.commit({ event: 'paused' }, { why: `${step.id} was not begun, as ${obstacle}` });
    return null;
  }
  const { types, runbook, world, who } = run;
  const intent = { use: step.use, plan: planOf(types, runbook, world, step) };
  held.commit(
    { event: 'step-intended', step: step.id },
    who === null ? intent : { ...intent, who },
  );
  if (waits(step)) return wait(run, step);
  const shown = run.shows(`${step.id}  ${step.use}`);
  try {
    await doStep(run, step);
  } finally {
    shown();
  }
  return null;
}

/** Says which steps that one requires have not passed, as a clause; null if all have. */
function lacking({ steps, held }: LiveRun, { id }: Step): string | null {
  const step = steps.find((one) => one.id === id);
  const ids = step === undefined ? [] : requiredNotPassed(steps, held.record.state, step);
  return ids.length === 0 ? null : `it requires ${ids.join(', ')} to have passed`;
}

async function doStep(run: LiveRun, step: Step): Promise<void> {
  if (isTriedOnly(run, step.id, step)) {
    const tried = await underWay(run, (signal) => attempt(run, step.id, step, 'dryRun', signal));
    if (tried === null || statusOf(run, step.id) !== 'STARTED') return;
    end(
      run,
      step,
      tried.says === ''
        ? { verdict: 'WARN', says: 'not done in a rehearsal' }
        : { ...tried, says: `tried only: ${tried.says}` },
    );
    return;
  }
  const found = await underWay(run, (signal) => findBefore(run, step.id, step, signal));
  if (found === null || statusOf(run, step.id) !== 'STARTED') return;
  if (Object.keys(found).length > 0) {
    run.held.commit({ event: 'step-found', step: step.id }, { kept: found });
  }
  const result = await underWay(run, (signal) => attempt(run, step.id, step, 'apply', signal));
  if (result === null || statusOf(run, step.id) !== 'STARTED') return;
  const makes = WITH_EFFECT.has(kindOf(step));
  if (!isPassed(result) || !(makes || step.verify !== null)) {
    end(run, step, result);
    return;
  }
  run.held.commit({ event: 'step-applied', step: step.id }, endFacts(result));
  await verify(run, step, result);
}

/** Reads the effect of a step back, and lets the check of the runbook judge it. */
async function verify(run: LiveRun, step: Step, applied: StepResult): Promise<void> {
  const own = await underWay(run, (signal) => attempt(run, step.id, step, 'verify', signal));
  if (own === null) return;
  const check = step.verify;
  const judged =
    check === null || !isPassed(own)
      ? null
      : await underWay(run, (signal) => attemptOrRepeat(run, step.id, check, signal));
  if (
    (check !== null && isPassed(own) && judged === null) ||
    statusOf(run, step.id) !== 'VERIFYING'
  ) {
    return;
  }
  end(
    run,
    step,
    together(
      run,
      step,
      [applied, own, judged].filter((one) => one !== null),
    ),
  );
}

const WORSE: readonly StepVerdict[] = ['PASS', 'WARN', 'INCONCLUSIVE', 'FAIL'];

/** The worst verdict with the words for it, and all results: of what was done, unless a check has counted. */
function together(run: LiveRun, step: Step, parts: readonly StepResult[]): StepResult {
  const { results, kept } = run.held.record.steps.get(step.id) ?? { results: {}, kept: {} };
  const verdict = WORSE.findLast((one) => parts.some((part) => part.verdict === one)) ?? 'FAIL';
  const says = parts.findLast((part) => part.verdict === verdict && part.says !== '')?.says ?? '';
  const first = parts[0]?.says ?? '';
  return {
    verdict,
    says: says === first || first === '' || verdict !== 'PASS' ? says : `${first}; ${says}`,
    results: Object.assign({}, results, ...parts.map((part) => part.results ?? {})) as object,
    kept: Object.assign({}, kept, ...parts.map((part) => part.kept ?? {})) as NonNullable<
      StepResult['kept']
    >,
  };
}

function end(run: LiveRun, step: Step, result: StepResult): void {
  const { verdict } = result;
  const facts = { ...endFacts(result), ...outputFacts(run, step.id) };
  run.held.commit({ event: 'step-ended', step: step.id, verdict }, facts);
  sayEnd(run, step, result);
}

/** Looks at a step that waits, and lets the run wait with it. */
async function wait(run: LiveRun, step: Step): Promise<Pause | null> {
  const { held } = run;
  const looked = await inspectStep(run, step);
  if (looked === null || statusOf(run, step.id) !== 'STARTED') return null;
  const { status } = held.record.state;
  if ('ends' in looked) {
    if (status === 'WAITING') held.commit({ event: 'wait-ended' });
    end(run, step, looked.ends);
    return null;
  }
  const { waits: waiting } = looked;
  if (status === 'RUNNING') {
    held.commit({ event: 'wait-begun', reason: waiting.reason }, { says: waiting.says });
  }
  return { kind: 'waits', step: step.id, ...waiting, until: soonest(run, waiting.until) };
}

/** All steps are over: the hours after the last one, then the end. */
async function finish(run: LiveRun): Promise<Pause | null> {
  const { held, watches } = run;
  const left = watches.map((watch) => leftToWatch(watch, held.record) ?? 0);
  const longest = run.rehearsal === null ? Math.max(0, ...left) : 0;
  const { status } = held.record.state;
  if (longest > 0) {
    if (status === 'RUNNING') held.commit({ event: 'wait-begun', reason: 'soak' });
    const says = `it is watched for another ${formatDuration(longest)}`;
    return { kind: 'waits', step: null, reason: 'soak', until: soonest(run, null), says };
  }
  if (status === 'WAITING') held.commit({ event: 'wait-ended' });
  if (status === 'RUNNING' && (await rehearseBreaches(run))) return null;
  if (run.rehearsal?.goesBack === true) {
    held.commit({ event: 'rollback-begun', lossAccepted: true }, { rehearsed: true });
  } else {
    held.commit({ event: 'run-ended' });
  }
  return null;
}

/** Takes the numbers of a rehearsal for real; returns whether a trigger did something about them. */
async function rehearseBreaches(run: LiveRun): Promise<boolean> {
  const breached = run.watches.filter((watch) => breachOf(run, watch) !== null);
  for (const watch of breached) await sampleWatch(run, watch);
  if (breached.length > 0) await react(run, null);
  return run.held.record.state.status !== 'RUNNING';
}

/** The next time at which a watch looks, or at which the wait ends. */
function soonest(run: LiveRun, until: number | null): number | null {
  const { watches, held } = run;
  const times = [until, guardDueAt(run), ...watches.map((watch) => dueAt(watch, held.record))];
  const known = times.filter((time) => time !== null);
  return known.length === 0 ? null : Math.min(...known);
}
