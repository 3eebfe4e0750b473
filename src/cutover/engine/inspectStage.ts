/**
 * A stage of a rollout, while it soaks: a look is due now and then, of which the figures are a line of the journal,
 * and nothing is in flight in between. What is judged follows from those lines, so that a process that was killed
 * has lost nothing, and another one goes on.
 */

import { formatDuration } from '../../record/duration.ts';
import { figuresIn, SPLIT, type Figure, type Figures } from '../rollout/figures.ts';
import { openStageJudge, type Judged } from '../rollout/judgeStage.ts';
import { readMetric, readSplit, type LookWindow } from '../rollout/readFigure.ts';
import { sayOpen, saySoak } from '../rollout/saySoak.ts';
import { openSoak, type Soak, type SoakState } from '../rollout/stageSoak.ts';
import { baselineOf, judgePlanOf, metricsOf, soakOf, stageOfStep } from '../rollout/stageOfStep.ts';
import type { Runbook, Stage, Step } from '../runbook.ts';
import { underWay } from './attend.ts';
import type { Looked } from './gates.ts';
import type { LiveRun } from './liveRun.ts';
import { goBack } from './react.ts';
import type { RunRecord, Sample } from './runRecord.ts';

/** Longest time of one look, in ms. */
const LOOK_MS = 60_000;

/** Where a stage stands, by the lines of its run. */
export interface StageStand {
  readonly stage: Stage;
  readonly soak: Soak;
  /** Judges the next look. */
  readonly judge: (figures: Figures) => readonly Judged[];
  /** What the last look has said; empty before the first. */
  readonly last: readonly Judged[];
  /** When it began, in ms since 1970. */
  readonly begun: number;
}

/** Follows the looks of a stage that has begun. */
export function standOf(runbook: Runbook, record: RunRecord, step: Step): StageStand {
  const stage = stageOfStep(runbook, step);
  const begun = Date.parse(record.steps.get(step.id)?.begunAt ?? '');
  const baseline = baselineOf(runbook, stage);
  const before = baseline === null ? null : lastFigures(record, baseline);
  const judge = openStageJudge(judgePlanOf(runbook, stage, before));
  const soak = openSoak({ stage, metrics: metricsOf(runbook, stage) }, begun);
  let last: readonly Judged[] = [];
  for (const { at, figures } of looksOf(record, step.id)) {
    last = judge.add(figuresIn(figures));
    soak.add({ at, judged: last });
  }
  return { stage, soak, judge: (figures) => judge.add(figures), last, begun };
}

function looksOf({ samples }: RunRecord, id: string): readonly Sample[] {
  return samples.get(`step:${id}`) ?? [];
}

/** The last figures of a stage that are known, metric by metric. */
function lastFigures(record: RunRecord, stage: Stage): Figures {
  const known = new Map<string, Figure>();
  for (const { figures } of looksOf(record, soakOf(stage))) {
    for (const [id, figure] of figuresIn(figures))
      if (!('unknown' in figure)) known.set(id, figure);
  }
  return known;
}

/** One look at a stage, if it is due; null if it was stopped, or the run goes back. */
export async function inspectStage(run: LiveRun, step: Step): Promise<Looked | null> {
  const { held, world, runbook, rehearsal } = run;
  const stand = standOf(runbook, held.record, step);
  const now = world.now().getTime();
  if (rehearsal === null && now < stand.soak.state.dueAt) return waitOf(stand);
  const window = { from: windowBegin(held.record, stand), to: now };
  const figures = await underWay(run, (signal) => readLook(run, stand.stage, window, signal));
  if (figures === null) return null;
  const judged = stand.judge(figures);
  const state = stand.soak.add({ at: world.now().getTime(), judged });
  const verdict = verdictOf(state);
  held.commit(
    { event: 'sampled', of: `step:${step.id}`, verdict, value: null },
    { says: sayOpen(state), figures: Object.fromEntries(figures), judged: judged.map(bare) },
  );
  if (state.rollback !== null && (await rolledBack(run, step, state.rollback))) return null;
  if (rehearsal !== null) return rehearsedEnd(state);
  if (state.isDone) return { ends: { verdict: 'PASS', says: saySoak(stand.stage, state) } };
  return givenUp(run, stand, state) ?? waitOf(stand);
}

/** The stage counts from the change of the percentage on: what was before it is of another stage. */
function windowBegin({ steps }: RunRecord, { stage, begun }: StageStand): number {
  const changed = steps.get(`percent-${stage.name}`)?.endedAt ?? null;
  return changed === null ? begun : Date.parse(changed);
}

async function readLook(
  run: LiveRun,
  stage: Stage,
  window: LookWindow,
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
    await read(SPLIT, () => readSplit({ world, signal }, observe, window, versions));
  }
  for (const metric of metricsOf(runbook, stage)) {
    await read(metric.id, () => readMetric({ world, signal }, metric, window, versions));
  }
  return figures;
}

/** What the journal keeps of a judgement: the words are made again of its numbers. */
function bare({ metric, against, band, seen, low, high, of }: Judged): Omit<Judged, 'says'> {
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

function givenUp(
  { world }: LiveRun,
  { stage, begun }: StageStand,
  state: SoakState,
): Looked | null {
  const waited = world.now().getTime() - begun;
  if (stage.within === null || waited < stage.within) return null;
  const says = `given up after ${formatDuration(waited)}, ${sayOpen(state)}`;
  return { ends: { verdict: 'INCONCLUSIVE', says } };
}

function waitOf({ stage, soak }: StageStand): Looked {
  const { state } = soak;
  return { waits: { reason: 'soak', until: state.dueAt, says: saySoak(stage, state) } };
}
