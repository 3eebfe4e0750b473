/**
 * What each metric of a rollout was at its looks, stage by stage, and what judged it. However many looks there were,
 * a metric has at most 240 parts, which keep the extremes and the worst band of theirs. Pure.
 */

import type {
  LaneMeasure,
  LaneStage,
  RolloutBand,
  RolloutLane,
  RolloutLimit,
  RolloutLimits,
  RolloutLook,
  RolloutLooks,
} from '../../outcome/rolloutStory.ts';
import { parseCondition } from '../condition.ts';
import { SPLIT } from '../rollout/figures.ts';
import type { Judged } from '../rollout/judged.ts';
import { toleranceOf } from '../rollout/judgeStage.ts';
import type { Metric, Observe, Runbook, Stage } from '../runbook.ts';
import { openSpans, type Spans } from './spanList.ts';

const MOST_PARTS = 240;

/** From the best to the worst. */
const BANDS: readonly RolloutBand[] = ['pass', 'hold', 'unknown', 'fail', 'rollback'];

export interface LanesBook {
  /** Adds what a look of a stage, by its index, says of each metric. */
  add(stage: number, at: number, judged: readonly Judged[]): void;
  /** Index of the lane of a judgement among those with a look; null for none. */
  laneOf(judged: Judged): number | null;
  /** Lanes with a look. */
  lanes(): readonly RolloutLane[];
}

/** What a lane is judged by: limits of its own, the old version in the same window, or an earlier stage. */
type Against = 'own' | 'window' | 'stage';

interface OpenLane {
  readonly by: Against;
  readonly about: Pick<RolloutLane, 'metric' | 'measure' | 'quantile' | 'isCompared'>;
  readonly limits: (stage: Stage) => RolloutLimits;
  readonly stages: Map<number, OpenLaneStage>;
  readonly parts: Spans<RolloutLooks>;
}

interface OpenLaneStage {
  readonly about: Pick<LaneStage, 'stage' | 'limits'>;
  against: string | null;
  looks: number;
  readonly bands: Map<RolloutBand, number>;
  last: RolloutLook;
}

export function openLanes({ rollout, metrics, stages }: Runbook): LanesBook {
  const observe = rollout?.observe ?? null;
  const old = rollout?.versions.old ?? null;
  const all: readonly OpenLane[] = [
    ...(observe === null ? [] : [splitLane(observe)]),
    ...metrics.filter(({ attest }) => attest === null).flatMap(lanesOf),
  ];
  const byMetric = Map.groupBy(all, ({ about }) => about.metric);
  const shown = (): readonly OpenLane[] => all.filter((lane) => lane.stages.size > 0);
  return {
    add(number, at, judged) {
      const stage = stages[number];
      if (stage === undefined) return;
      for (const one of judged) {
        const { seen, low, high, of, band } = one;
        const look: RolloutLook = { at, seen, low, high, of, band };
        for (const lane of lanesFor(byMetric, old, one))
          addLook(lane, stage, number, look, one.against);
      }
    },
    laneOf(judged) {
      const [lane] = lanesFor(byMetric, old, judged);
      const at = lane === undefined ? -1 : shown().indexOf(lane);
      return at < 0 ? null : at;
    },
    lanes: () => shown().map(storyLane),
  };
}

/** What is not known of a metric is so of each of its hypotheses. */
function lanesFor(
  byMetric: ReadonlyMap<string, readonly OpenLane[]>,
  old: string | null,
  { metric, against, band }: Judged,
): readonly OpenLane[] {
  const lanes = byMetric.get(metric === SPLIT ? '' : metric) ?? [];
  if (lanes.length < 2 || (band === 'unknown' && against === null)) return lanes;
  const wanted: Against = against === null ? 'own' : against === old ? 'window' : 'stage';
  return lanes.filter(({ by }) => by === wanted);
}

function openLane(
  by: Against,
  about: OpenLane['about'],
  limits: (stage: Stage) => RolloutLimits,
): OpenLane {
  const parts = openSpans<RolloutLooks>({
    most: MOST_PARTS,
    alikeFor: 0,
    isAlike: (one, other) => one.band === other.band,
    canJoin: (one, other) => one.stage === other.stage,
    joined,
  });
  return { by, about, limits, stages: new Map(), parts };
}

function splitLane({ tolerance }: Observe): OpenLane {
  const about = { metric: '', measure: 'split', quantile: null, isCompared: false } as const;
  return openLane('own', about, ({ percent }) => {
    const value = percent ?? 100;
    const margin = tolerance ?? toleranceOf(value);
    return { pass: { comparison: '==', value }, rollback: null, margin };
  });
}

function lanesOf(metric: Metric): readonly OpenLane[] {
  const { id, measure, pass, rollback, margin, baseline } = metric;
  const quantile = measure === 'quantile' ? metric.quantile : null;
  const about = { metric: id, measure: measure satisfies LaneMeasure, quantile };
  const own = { pass: limitIn(pass), rollback: limitIn(rollback), margin };
  const isOwn = pass !== null || rollback !== null || measure === 'number' || measure === 'kinds';
  const isCompared = baseline !== null && (measure === 'share' || measure === 'quantile');
  return [
    ...(isOwn ? [openLane('own', { ...about, isCompared: false }, () => own)] : []),
    ...(isCompared ? comparedLanes(about, baseline) : []),
  ];
}

/** An earlier stage holds, and does not roll back. */
function comparedLanes(
  about: Omit<OpenLane['about'], 'isCompared'>,
  { pass, rollback }: NonNullable<Metric['baseline']>,
): readonly OpenLane[] {
  const limits = { pass: limitIn(pass), rollback: limitIn(rollback), margin: 0 };
  const compared = { ...about, isCompared: true };
  return [
    openLane('window', compared, () => limits),
    openLane('stage', compared, () => ({ ...limits, rollback: null })),
  ];
}

function limitIn(text: string | null): RolloutLimit | null {
  const condition = text === null ? null : parseCondition(text);
  if (typeof condition?.value !== 'number') return null;
  return { comparison: condition.comparison, value: condition.value };
}

function addLook(
  { stages, parts, limits }: OpenLane,
  stage: Stage,
  number: number,
  look: RolloutLook,
  against: string | null,
): void {
  const { at, seen, low, high, band } = look;
  const open = stages.get(number) ?? {
    about: { stage: number, limits: limits(stage) },
    against,
    looks: 0,
    bands: new Map<RolloutBand, number>(),
    last: look,
  };
  stages.set(number, open);
  open.against ??= against;
  open.looks += 1;
  open.bands.set(band, (open.bands.get(band) ?? 0) + 1);
  open.last = look;
  const ends = { from: at, to: at, looks: 1 };
  parts.add({ stage: number, ...ends, band, seen, lowest: seen, highest: seen, low, high });
}

function joined(one: RolloutLooks, other: RolloutLooks): RolloutLooks {
  return {
    stage: one.stage,
    from: Math.min(one.from, other.from),
    to: Math.max(one.to, other.to),
    looks: one.looks + other.looks,
    band: BANDS.indexOf(other.band) > BANDS.indexOf(one.band) ? other.band : one.band,
    seen: other.seen ?? one.seen,
    lowest: extreme(Math.min, one.lowest, other.lowest),
    highest: extreme(Math.max, one.highest, other.highest),
    low: extreme(Math.min, one.low, other.low),
    high: highEnd(one, other),
  };
}

function extreme(
  of: (one: number, other: number) => number,
  one: number | null,
  other: number | null,
): number | null {
  return one === null || other === null ? (one ?? other) : of(one, other);
}

/** An interval without an upper end has none together with any other. */
function highEnd(one: RolloutLooks, other: RolloutLooks): number | null {
  if (one.low === null) return other.high;
  if (other.low === null) return one.high;
  return one.high === null || other.high === null ? null : Math.max(one.high, other.high);
}

function storyLane({ about, stages, parts }: OpenLane): RolloutLane {
  return { ...about, stages: [...stages.values()].map(storyLaneStage), parts: parts.list };
}

function storyLaneStage({ about, against, looks, bands, last }: OpenLaneStage): LaneStage {
  return {
    ...about,
    against,
    looks,
    bands: BANDS.flatMap((band) => {
      const count = bands.get(band) ?? 0;
      return count === 0 ? [] : [[band, count] as const];
    }),
    last,
  };
}
