/**
 * What the gates of a rollout need: how many users it takes until what is usual passes, until a fault is seen, and
 * which fault the users of a soak can show. All are for one look, in nine of ten rollouts. Pure.
 */

import { firstOf } from '../../../sequential/firstOf.ts';
import type { Metric, Runbook, Stage } from '../../runbook.ts';
import { SPLIT, type Figure, type Figures } from '../figures.ts';
import { isHigh, openStageJudge } from '../judgeStage.ts';
import type { JudgePlan } from '../judged.ts';
import { baselineOf, judgePlanOf, metricsOf } from '../stageOfStep.ts';
import { likelyFigure, likelySplit, type Likely, type LikelyFigure } from './likelyFigures.ts';
import { usualOf } from './scenarios.ts';

const DAY_MS = 86_400_000;
/** What takes more users than that is not waited for. */
const MOST_USERS = 1_000_000;
/** Times as long that are still told apart. */
const MOST_TIMES = 10;
/** Halvings of a range of faults. */
const HALVINGS = 20;

/** Users, and how long it takes until so many have come, in ms. */
export interface Needed {
  readonly users: number;
  readonly time: number;
}

/** What one metric needs at one stage. Values are in the unit of `sees`. */
export interface Need {
  /** Percentage of the stage. */
  readonly percent: number;
  /** Metric, or {@link SPLIT}. */
  readonly metric: string;
  readonly measure: 'share' | 'quantile' | 'kinds' | 'split';
  /** Users in the soak: of the new version; of both for the split. */
  readonly users: number;
  readonly soak: number;
  /** What it usually is. */
  readonly usual: number;
  /** What has to be seen; null where nothing is said. */
  readonly sees: number | null;
  /** Until what is usual passes; null if a million users are not enough. */
  readonly passes: Needed | null;
  /** Until what has to be seen is seen; null for never, or if nothing is said. */
  readonly seen: Needed | null;
  /** The least fault that the users of the soak show; null for none. */
  readonly visible: number | null;
}

/** A metric at a stage, with its judge and its figures. */
interface Gate {
  readonly metric: string;
  readonly measure: Need['measure'];
  readonly plan: JudgePlan;
  readonly usual: number;
  readonly sees: number | null;
  /** Distinct users a day that its figures count. */
  readonly perDay: number;
  /** Whether a fault is seen once it rolls back, or already when it does not pass. */
  readonly rollsBack: boolean;
  /** The worst value, from `usual` on. */
  readonly worst: number;
  readonly figure: (likely: Likely) => Figure;
}

/** Needs of all stages by percent, in their order; of a runbook of which nothing is missing. */
export function needsOf(runbook: Runbook): readonly Need[] {
  return runbook.stages.flatMap((stage) => {
    if (stage.percent === null) return [];
    const { percent, soak } = stage;
    return gatesOf(runbook, stage, percent).map((gate) => needOf(gate, percent, soak));
  });
}

function needOf(gate: Gate, percent: number, soak: number): Need {
  const { metric, measure, usual, sees, perDay } = gate;
  const users = usersIn(perDay, soak);
  const needed = (enough: (of: number) => boolean): Needed | null => {
    const least = firstOf(MOST_USERS, enough);
    return least === null ? null : { users: least, time: (least / perDay) * DAY_MS };
  };
  return {
    percent,
    metric,
    measure,
    users,
    soak,
    usual,
    sees,
    passes: needed((of) => passes(gate, of)),
    seen: sees === null ? null : needed((of) => isSeen(gate, of, sees)),
    visible: users === 0 ? null : visibleOf(gate, users),
  };
}

function usersIn(perDay: number, time: number): number {
  return Math.round((perDay * time) / DAY_MS);
}

function bandsOf({ plan, metric, figure }: Gate, likely: Likely): readonly string[] {
  const judged = openStageJudge(plan).add(new Map([[metric, figure(likely)]]));
  return judged.map(({ band }) => band);
}

function passes(gate: Gate, users: number): boolean {
  const isBad = (looks: Likely['looks']): boolean =>
    bandsOf(gate, { users, value: gate.usual, looks }).some((band) => band !== 'pass');
  return !isBad('worse') && (gate.measure !== 'split' || !isBad('better'));
}

function isSeen(gate: Gate, users: number, value: number): boolean {
  const looks = value > gate.usual === gate.worst > gate.usual ? 'better' : 'worse';
  const bands = bandsOf(gate, { users, value, looks });
  return bands.some((band) => band === 'rollback' || (band === 'fail' && !gate.rollsBack));
}

/** The fault next to what is usual that is seen; found by halves. */
function visibleOf(gate: Gate, users: number): number | null {
  let hidden = gate.usual;
  let seen = gate.worst;
  if (!isSeen(gate, users, seen)) return null;
  for (let step = 0; step < HALVINGS; step++) {
    const middle = (hidden + seen) / 2;
    if (isSeen(gate, users, middle)) seen = middle;
    else hidden = middle;
  }
  return seen;
}

function gatesOf(runbook: Runbook, stage: Stage, percent: number): readonly Gate[] {
  const { rollout } = runbook;
  const traffic = rollout?.traffic ?? 0;
  const baseline = baselineOf(runbook, stage);
  const before = baseline === null ? null : averageOf(runbook, baseline, traffic);
  const plan = judgePlanOf(runbook, stage, before);
  const perUser = (100 - percent) / percent;
  const gates = metricsOf(runbook, stage).flatMap((metric): readonly Gate[] => {
    const { id, measure, sees } = metric;
    if (measure === 'number') return [];
    const usual = usualIn(metric);
    const figure = likelyFigure(metric, MOST_TIMES);
    const base = { value: usual, perUser };
    return [
      {
        metric: id,
        measure,
        plan: { ...plan, metrics: [metric], observe: null },
        usual,
        sees,
        perDay: (traffic * percent) / 100,
        rollsBack: metric.rollback !== null || (metric.baseline?.rollback ?? null) !== null,
        worst: worstOf(metric),
        figure: (likely) => withBase(figure, likely, base, percent),
      },
    ];
  });
  const split = rollout?.observe === null ? [] : splitOf(runbook, plan, percent, traffic);
  return [...split, ...gates];
}

function splitOf(
  { rollout, stages }: Runbook,
  plan: JudgePlan,
  percent: number,
  traffic: number,
): readonly Gate[] {
  const first = stages.find((stage) => stage.percent !== null)?.percent ?? percent;
  const sees = rollout?.observe?.sees ?? null;
  const expected = sees === null ? null : Math.min(100, (percent * sees) / first);
  const isMore = percent < 100 && (sees === null || sees > first);
  return [
    {
      metric: SPLIT,
      measure: 'split',
      plan: { ...plan, metrics: [] },
      usual: percent,
      sees: expected === percent ? null : expected,
      perDay: traffic,
      rollsBack: false,
      worst: isMore ? 100 : 0,
      figure: likelySplit,
    },
  ];
}

/** The old version has users only where the new one has not all of them. */
function withBase(
  figure: LikelyFigure,
  likely: Likely,
  base: { readonly value: number; readonly perUser: number },
  percent: number,
): Figure {
  return figure(likely, { ...base, perUser: percent < 100 ? base.perUser : 0 });
}

/** What a quantile is compared with is as fast as usual: one time as long. */
function usualIn(metric: Metric): number {
  return metric.measure === 'quantile' ? 1 : (usualOf(metric) ?? 0);
}

function worstOf(metric: Metric): number {
  if (metric.measure === 'quantile') return MOST_TIMES;
  return metric.measure === 'share' && isHigh(metric) ? 0 : 100;
}

/** The figures that a stage leaves on average, if nothing is wrong. */
function averageOf(runbook: Runbook, stage: Stage, traffic: number): Figures {
  const users = usersIn((traffic * (stage.percent ?? 100)) / 100, stage.soak);
  return new Map(
    metricsOf(runbook, stage)
      .filter(({ measure }) => measure !== 'number')
      .map((metric) => {
        const value = usualIn(metric);
        const figure = likelyFigure(metric, MOST_TIMES);
        const average = figure({ users, value, looks: 'average' }, { value, perUser: 0 });
        return [metric.id, 'kinds' in average ? { ...average, kinds: {} } : average] as const;
      }),
  );
}
