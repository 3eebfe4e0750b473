/**
 * A stage of a rollout, while it soaks: a look is due now and then, of which the figures are a line of the journal,
 * and nothing is in flight in between. What is judged follows from those lines, so that a process that was killed
 * has lost nothing, and another one goes on.
 */

import { formatDuration } from '../../record/duration.ts';
import { figuresIn, SPLIT, type Figure, type Figures } from '../rollout/figures.ts';
import { endOf, followStage, lastKnown, type FollowedStage } from '../rollout/followStage.ts';
import type { Judged } from '../rollout/judged.ts';
import { readMetric, readSplit, type LookWindow } from '../rollout/readFigure.ts';
import { sayOpen, saySoak } from '../rollout/saySoak.ts';
import type { SoakState } from '../rollout/stageSoak.ts';
import { baselineOf, metricsOf, soakOf, stageOfStep } from '../rollout/stageOfStep.ts';
import type { Runbook, Stage, Step } from '../runbook.ts';
import { underWay } from './attend.ts';
import type { Looked } from './gates.ts';
import type { LiveRun } from './liveRun.ts';
import { goBack } from './react.ts';
import type { RunRecord, Sample } from './runRecord.ts';

/** Longest time of one look, in ms. */
const LOOK_MS = 60_000;

/** Follows the looks of a stage that has begun, by the lines of its run. */
export function standOf(runbook: Runbook, record: RunRecord, step: Step): FollowedStage {
  const stage = stageOfStep(runbook, step);
  const begun = Date.parse(record.steps.get(step.id)?.begunAt ?? '');
  const baseline = baselineOf(runbook, stage);
  const before = baseline === null ? null : lastKnown(looksOf(record, soakOf(baseline)).map(read));
  const followed = followStage(runbook, stage, { begun, before });
  for (const sample of looksOf(record, step.id)) followed.look(sample.at, read(sample));
  return followed;
}

function looksOf({ samples }: RunRecord, id: string): readonly Sample[] {
  return samples.get(`step:${id}`) ?? [];
}

function read({ figures }: Sample): Figures {
  return figuresIn(figures);
}

/** One look at a stage, if it is due; null if it was stopped, or the run goes back. */
export async function inspectStage(run: LiveRun, step: Step): Promise<Looked | null> {
  const { held, world, runbook, rehearsal } = run;
  const stand = standOf(runbook, held.record, step);
  // A process may have been killed between the look that rolls back and the way back.
  const decided = rehearsal === null ? stand.state.rollback : null;
  if (decided !== null && (await rolledBack(run, step, decided))) return null;
  const now = world.now().getTime();
  if (rehearsal === null && now < stand.state.dueAt) return waitOf(stand);
  const windows = windowsOf(held.record, step, stand, now);
  const figures = await underWay(run, (signal) => readLook(run, stand.stage, windows, signal));
  if (figures === null) return null;
  const { judged, state: expected } = stand.look(world.now().getTime(), figures);
  const verdict = verdictOf(expected);
  held.commit(
    { event: 'sampled', of: `step:${step.id}`, verdict, value: null },
    { says: sayOpen(expected), figures: Object.fromEntries(figures), judged: judged.map(bare) },
  );
  // What is decided follows from the journal alone, with the times of its lines, so that it can be judged again.
  const after = standOf(runbook, held.record, step);
  const { state } = after;
  if (state.rollback !== null && (await rolledBack(run, step, state.rollback))) return null;
  if (rehearsal !== null) return rehearsedEnd(state);
  return ended(after, world.now().getTime()) ?? waitOf(after);
}

/** What the metrics of a look count. */
interface LookWindows {
  readonly stage: LookWindow;
  /** Of the number that has to be zero. */
  readonly zero: LookWindow;
}

/**
 * The stage counts from the change of the percentage on: what was before it is of another stage. What has to be zero
 * counts from the last look on, as one call in the first hour is no call in the last ones; a look may have taken time.
 */
function windowsOf(
  record: RunRecord,
  { id }: Step,
  { stage, begun }: FollowedStage,
  to: number,
): LookWindows {
  const changed = record.steps.get(`percent-${stage.name}`)?.endedAt ?? null;
  const from = changed === null ? begun : Date.parse(changed);
  const last = looksOf(record, id).at(-1)?.at ?? from;
  return { stage: { from, to }, zero: { from: Math.max(from, last - LOOK_MS), to } };
}

async function readLook(
  run: LiveRun,
  stage: Stage,
  windows: LookWindows,
  stop: AbortSignal,
): Promise<Figures> {
  const { world, runbook } = run;
  const { rollout } = runbook;
  const signal = AbortSignal.any([stop, AbortSignal.timeout(LOOK_MS)]);
  const figures = new Map<string, Figure>();
  const read = async (id: string, work: () => Promise<Figure>): Promise<void> => {
    try {
      figures.set(id, await work());
    } catch (error) {
      if (stop.aborted || !signal.aborted) throw error;
      figures.set(id, { unknown: 'there was no answer within 60s' });
    }
  };
  if (rollout === null) return figures;
  const { observe, versions } = rollout;
  if (observe !== null && stage.percent !== null) {
    await read(SPLIT, () => readSplit({ world, signal }, observe, windows.stage, versions));
  }
  for (const metric of metricsOf(runbook, stage)) {
    const window = metric.id === stage.zero ? windows.zero : windows.stage;
    await read(metric.id, () => readMetric({ world, signal }, metric, window, versions));
  }
  return figures;
}

/** What the journal keeps of a judgement: the words are made again of its numbers. */
export function bare({ metric, against, band, seen, low, high, of }: Judged): Omit<Judged, 'says'> {
  return { metric, against, band, seen, low, high, of };
}

function verdictOf({ open, rollback }: SoakState): 'PASS' | 'WARN' | 'FAIL' | 'INCONCLUSIVE' {
  if (rollback !== null || open.some(({ band }) => band === 'fail')) return 'FAIL';
  if (open.some(({ band }) => band === 'unknown')) return 'INCONCLUSIVE';
  return open.length === 0 ? 'PASS' : 'WARN';
}

/** Begins the way back; returns whether the run goes back, or was held instead. */
async function rolledBack(run: LiveRun, step: Step, judged: Judged): Promise<boolean> {
  const why = `${judged.metric} at ${step.id}, ${judged.says}`;
  goBack(run, `stage:${step.id}`, why, null);
  return run.held.record.state.status !== 'WAITING' && run.held.record.state.status !== 'RUNNING';
}

function rehearsedEnd(state: SoakState): Looked {
  const bad = state.open.filter(({ band }) => band === 'fail' || band === 'rollback');
  const unread = state.open.filter(({ band }) => band === 'unknown');
  const says = `one look, as this is a rehearsal; ${sayOpen(state)}`;
  if (bad.length > 0) return { ends: { verdict: 'FAIL', says } };
  return { ends: { verdict: unread.length > 0 ? 'INCONCLUSIVE' : 'PASS', says } };
}

function ended(stand: FollowedStage, now: number): Looked | null {
  const { stage, state, begun } = stand;
  const end = endOf(stand, stage.within, now);
  if (end === null) return null;
  if (end === 'passed') return { ends: { verdict: 'PASS', says: saySoak(stage, state) } };
  const says = `given up after ${formatDuration(now - begun)}, ${sayOpen(state)}`;
  return { ends: { verdict: 'INCONCLUSIVE', says } };
}

function waitOf({ stage, state }: FollowedStage): Looked {
  return { waits: { reason: 'soak', until: state.dueAt, says: saySoak(stage, state) } };
}
