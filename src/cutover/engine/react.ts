/**
 * What a run does about its triggers and monitors: it goes back, stops the writes of the application and holds,
 * calls the on-call, or holds because there are no numbers. Each is done once for a breach, and again after it
 * has passed. What was done is a line of the journal, so that a crash in between repeats it at most.
 */

import { kindOf, type BreachAction, type Step } from '../runbook.ts';
import { attempt } from './attempt.ts';
import { isChanging, type LiveRun } from './liveRun.ts';
import { breachReason, judgeTriggers, monitorReason, type Judgement } from './triggers.ts';
import { stepsEndedAt } from './watches.ts';
import { afterEvent } from '../runMoves.ts';

/** Judges the triggers and the monitors, and does what is due. */
export async function react(run: LiveRun, stop: AbortController | null): Promise<void> {
  const { runbook, watches, held, world } = run;
  for (const judgement of judgeTriggers(runbook, watches, held.record, world.now())) {
    await reactTo(run, `trigger:${judgement.number}`, judgement, stop);
  }
  for (const { key, action, why, fails } of monitorsIn(run)) {
    if (fails) await act(run, key, action, why, stop);
    else if (held.record.fired.has(key)) held.commit({ event: 'cleared', of: key });
  }
}

async function reactTo(
  run: LiveRun,
  key: string,
  { trigger, band, isDue }: Judgement,
  stop: AbortController | null,
): Promise<void> {
  const { fired } = run.held.record;
  for (const other of ['hold', 'breach']) {
    const name = `${key}:${other}`;
    if (other !== band && fired.has(name)) run.held.commit({ event: 'cleared', of: name });
  }
  // A rehearsal does not wait for a breach to last.
  const acts = isDue || (band === 'breach' && run.rehearsal !== null);
  if (!acts || !['RUNNING', 'WAITING', 'PAUSED'].includes(run.held.record.state.status)) return;
  if (band === 'hold') {
    hold(run, `${key}:hold`, `there is no number for "${trigger.when}"`);
  } else {
    await act(run, `${key}:breach`, trigger.action, breachReason(trigger), stop);
  }
}

interface LookedMonitor {
  readonly key: string;
  readonly fails: boolean;
  readonly action: BreachAction;
  readonly why: string;
}

/** Monitors that have looked in the hours after the last step, by their last look. */
function monitorsIn({ watches, held }: LiveRun): readonly LookedMonitor[] {
  const ended = stepsEndedAt(held.record);
  if (ended === null) return [];
  return watches.flatMap(({ key, looks }) => {
    const last = held.record.samples.get(key)?.at(-1);
    if (!('monitor' in looks) || last === undefined || last.at < ended) return [];
    const why = monitorReason(looks.monitor);
    const fails = last.verdict === 'FAIL';
    return [{ key: `${key}:fail`, action: looks.monitor.onFail, why, fails }];
  });
}

function hold(run: LiveRun, of: string, why: string): void {
  const { record } = run.held;
  if (record.fired.has(of)) return;
  run.held.commit({ event: 'breached', of }, { why });
  const { status } = record.state;
  if (status === 'RUNNING' || status === 'WAITING') run.held.commit({ event: 'paused' }, { why });
}

async function act(
  run: LiveRun,
  of: string,
  action: BreachAction,
  why: string,
  stop: AbortController | null,
): Promise<void> {
  if (action === 'rollback') {
    goBack(run, of, why, stop);
    return;
  }
  if (run.held.record.fired.has(of)) return;
  if (action === 'freeze') await freeze(run, why);
  else await page(run, why);
  run.held.commit({ event: 'breached', of }, { why, action });
}

/** Begins the way back, or holds the run where that would lose what was written since. */
export function goBack(run: LiveRun, of: string, why: string, stop: AbortController | null): void {
  if (isChanging(run)) return;
  const { state } = run.held.record;
  const event = { event: 'rollback-begun', lossAccepted: run.rehearsal !== null } as const;
  const refused = afterEvent(run.steps, state, event);
  if (typeof refused === 'string') {
    hold(run, of, `${why}; it does not go back by itself, as ${refused}`);
    return;
  }
  stop?.abort();
  run.say(`rollback: ${why}`);
  run.held.commit(event, { why, of });
}

/** Stops the writes of the application as the runbook does it, and holds the run. */
async function freeze(run: LiveRun, why: string): Promise<void> {
  const { runbook, held } = run;
  const step = runbook.steps.find(isFreeze);
  run.say(`freeze: ${why}`);
  if (step !== undefined) {
    // Going back then takes writes up again, also where the step itself had not begun.
    held.commit({ event: 'step-forced', step: step.id }, { why });
    const result = await attempt(run, step.id, step, 'apply', AbortSignal.timeout(FREEZE_MS));
    run.say(`freeze: ${result.verdict} ${result.says}`);
  }
  const { status } = held.record.state;
  if (status === 'RUNNING' || status === 'WAITING') held.commit({ event: 'paused' }, { why });
}

const FREEZE_MS = 120_000;

function isFreeze(step: Step): boolean {
  return kindOf(step) === 'change' && step.use === 'app.writes' && step.members['set'] === 'off';
}

/** Runs the command `page` of the runbook; without one, the line on the terminal has to do. */
async function page(run: LiveRun, why: string): Promise<void> {
  run.say(`page: ${why}`);
  const command = run.runbook.commands.get('page');
  if (command === undefined || run.rehearsal !== null) return;
  const end = await run.world.run({
    argv: [...command.run, why],
    env: command.env,
    keepAs: 'page',
    signal: AbortSignal.timeout(FREEZE_MS),
  });
  run.say(`page: ${end.code === 0 ? 'sent' : 'the command failed'}`);
}
