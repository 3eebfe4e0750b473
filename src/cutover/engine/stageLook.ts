/**
 * Looks at a stage of a rollout: what is read is a line of the journal, and what is judged follows from such lines
 * alone, so that a process that was killed has lost nothing, and evidence can be judged again.
 */

import { figuresIn, SPLIT, type Figure, type Figures } from '../rollout/figures.ts';
import { followStage, lastKnown, type FollowedStage } from '../rollout/followStage.ts';
import type { Judged } from '../rollout/judged.ts';
import { readMetric, readSplit, type LookWindow } from '../rollout/readFigure.ts';
import { sayOpen } from '../rollout/saySoak.ts';
import { baselineOf, metricsOf, soakOf, stageOfStep } from '../rollout/stageOfStep.ts';
import type { Runbook, Stage, Step } from '../runbook.ts';
import type { StepVerdict } from '../steps/stepType.ts';
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

/** A stage that a process follows: what it has of the journal, so that a look costs the same after thousands. */
export interface Stand {
  readonly followed: FollowedStage;
  /** Looks that it has followed. */
  looks: number;
}

/** Where a stage stands by the journal of a run at work, which is read on from where it was read before. */
export function standIn({ runbook, held: { record }, stands }: LiveRun, step: Step): FollowedStage {
  const samples = looksOf(record, step.id);
  const begun = Date.parse(record.steps.get(step.id)?.begunAt ?? '');
  const known = stands.get(step.id);
  if (known === undefined || known.followed.begun !== begun || known.looks > samples.length) {
    const followed = standOf(runbook, record, step);
    stands.set(step.id, { followed, looks: samples.length });
    return followed;
  }
  for (const sample of samples.slice(known.looks)) known.followed.look(sample.at, read(sample));
  known.looks = samples.length;
  return known.followed;
}

/** Reads the figures of a look, of which nothing is written down yet. @throws what `stop` aborts with */
export function figuresNow(run: LiveRun, step: Step, stop: AbortSignal): Promise<Figures> {
  const { held, world } = run;
  const stand = standIn(run, step);
  const windows = windowsOf(held.record, step, stand, world.now().getTime());
  return readLook(run, stand.stage, windows, stop);
}

/** Writes a look down, and returns where its stage stands by the lines of the journal then. */
export function writeLook(run: LiveRun, step: Step, figures: Figures): FollowedStage {
  const { held, stands } = run;
  const followed = standIn(run, step);
  const judged = followed.judge(figures);
  const open = judged.filter(({ band }) => band !== 'pass');
  held.commit(
    { event: 'sampled', of: `step:${step.id}`, verdict: verdictOf(open), value: null },
    { says: sayOpen({ open }), figures: Object.fromEntries(figures), judged: judged.map(bare) },
  );
  // The time is that of the line, so that another process comes to the same.
  const looks = looksOf(held.record, step.id);
  followed.add(looks.at(-1)?.at ?? 0, judged);
  stands.set(step.id, { followed, looks: looks.length });
  return followed;
}

/** Begins the way back if a look says so; `stop` ends what is under way then. */
export function goBackBy(
  run: LiveRun,
  step: Step,
  { state }: FollowedStage,
  stop: AbortController | null,
): void {
  const { rollback } = state;
  if (rollback === null) return;
  const why = `${rollback.metric} at ${step.id} is beyond its limit, ${rollback.says}`;
  goBack(run, `stage:${step.id}`, why, stop);
}

/** What the metrics of a look count. */
interface LookWindows {
  readonly stage: LookWindow;
  /** Of the number that has to be zero. */
  readonly zero: LookWindow;
}

/**
 * The stage counts from the change of the percentage on: what was before it is of another stage. What has to be zero
 * counts from the last look on, as one call in the first hour is no call in the last ones; a look may have taken time,
 * and a line of a log may come late, but a call does not count for longer than none has to come.
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
  const overlap = Math.min(LOOK_MS, stage.zeroFor);
  return { stage: { from, to }, zero: { from: Math.max(from, last - overlap), to } };
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

function verdictOf(open: readonly Judged[]): StepVerdict {
  if (open.some(({ band }) => band === 'fail' || band === 'rollback')) return 'FAIL';
  if (open.some(({ band }) => band === 'unknown')) return 'INCONCLUSIVE';
  return open.length === 0 ? 'PASS' : 'WARN';
}
