/**
 * The soak of a stage: its looks have to be good for so long, one after the other. A failure begins it anew; time
 * around a checkpoint that was missed is not known, and does not count. At its end every metric has to be shown
 * good by what the whole stage has counted. Pure.
 */

import type { Metric, Stage } from '../runbook.ts';
import type { RolloutBand } from './bands.ts';
import type { Judged } from './judged.ts';

/** A look of a stage, judged. */
export interface StageLook {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly judged: readonly Judged[];
}

export interface SoakState {
  /** Milliseconds that count, of those that the stage needs. */
  readonly passed: number;
  /** How often it began anew after a failure. */
  readonly restarts: number;
  /** Checkpoints that no look has come to in time. */
  readonly missed: number;
  /** When the next look is due, in ms since 1970. */
  readonly dueAt: number;
  /** What rolls back, by the last look; null for nothing. */
  readonly rollback: Judged | null;
  /** What keeps the stage from its end, by the last look: failed, undecided or unknown. */
  readonly open: readonly Judged[];
  readonly isDone: boolean;
}

export interface SoakPlan {
  readonly stage: Stage;
  readonly metrics: readonly Metric[];
}

/** A soak that is followed look by look. */
export interface Soak {
  readonly state: SoakState;
  add(look: StageLook): SoakState;
}

/** Opens the soak of a stage that began at a time, in ms since 1970. */
export function openSoak(plan: SoakPlan, begun: number): Soak {
  const points = checkpoints(plan.stage);
  const since = sinceWhen(plan);
  let last = begun;
  let state: SoakState = {
    passed: 0,
    restarts: 0,
    missed: 0,
    dueAt: begun + gapAfter(points, 0, plan.stage),
    rollback: null,
    open: [],
    isDone: false,
  };
  return {
    get state() {
      return state;
    },
    add({ at, judged }) {
      const effective = judged.map((one) => since(one, at));
      const isUnknown = effective.some(({ band }) => band === 'unknown');
      const fails = effective.some(({ metric, band }) => band === 'fail' && counts(plan, metric));
      let { passed, restarts, missed } = state;
      if (fails) {
        if (passed > 0) restarts += 1;
        passed = 0;
        last = at;
      } else if (!isUnknown) {
        const expected = nextPoint(points, passed);
        const isMissed = at - last > expected.in + expected.slack;
        if (isMissed) missed += 1;
        else passed += Math.max(0, at - last);
        last = Math.max(last, at);
      }
      const open = effective.filter(({ band }) => band !== 'pass');
      const rollback = effective.find(({ band }) => band === 'rollback') ?? null;
      const isDone = passed >= plan.stage.soak && open.length === 0;
      const counted = Math.min(passed, plan.stage.soak);
      // What could not be read is read again while the checkpoint is not missed.
      const again = isUnknown ? nextPoint(points, counted).slack / 2 : Infinity;
      const dueAt = at + Math.min(again, gapAfter(points, counted, plan.stage));
      state = {
        passed: counted,
        restarts,
        missed,
        dueAt,
        rollback,
        open,
        isDone,
      };
      return state;
    },
  };
}

/** A metric that has to be zero extends the stage, and does not begin it anew. */
function counts({ stage }: SoakPlan, metric: string): boolean {
  return metric !== stage.zero;
}

/** Times of a soak at which a look has to be, in ms from its beginning; the last one is its end. */
export function checkpoints({ checkAt, every, soak }: Stage): readonly number[] {
  const own = checkAt.filter((at) => at < soak);
  const regular =
    every === null
      ? []
      : Array.from({ length: Math.ceil(soak / every) - 1 }, (_, at) => (at + 1) * every);
  return [...new Set([...own, ...regular, soak])].toSorted((one, other) => one - other);
}

/** Position of the first of ascending numbers that is above a limit; -1 if none is. */
function firstAbove(points: readonly number[], limit: number): number {
  let [from, to] = [0, points.length];
  while (from < to) {
    const middle = (from + to) >>> 1;
    if ((points[middle] ?? 0) > limit) to = middle;
    else from = middle + 1;
  }
  return from < points.length ? from : -1;
}

/** How long it is until the next checkpoint, and how late a look may come to it, in ms. */
function nextPoint(
  points: readonly number[],
  passed: number,
): { readonly in: number; readonly slack: number } {
  const at = firstAbove(points, passed);
  const point = at < 0 ? (points.at(-1) ?? 0) : (points[at] ?? 0);
  const before = (at < 0 ? points.at(-2) : points[at - 1]) ?? 0;
  const gap = Math.max(1, point - before);
  return { in: at < 0 ? gap : point - passed, slack: gap / 2 };
}

/** Time until the next look: at the next checkpoint, or before, where the stage looks more often. */
function gapAfter(points: readonly number[], passed: number, { look }: Stage): number {
  const { in: until } = nextPoint(points, passed);
  return look === null ? until : Math.min(look, until);
}

/**
 * Bands that have to last: a failure within its grace is not yet one, a breach shorter than `for` does not roll
 * back, and a number that has to be zero has to be so for some time.
 */
function sinceWhen({ stage, metrics }: SoakPlan): (judged: Judged, at: number) => Judged {
  const started = new Map<string, number>();
  const lasting = (name: string, holds: boolean, at: number): number => {
    if (!holds) {
      started.delete(name);
      return 0;
    }
    const begun = started.get(name) ?? at;
    started.set(name, begun);
    return at - begun;
  };
  const grace = new Map(metrics.map(({ id, grace: time }) => [id, time] as const));
  const times = new Map(metrics.map(({ id, lasts }) => [id, lasts] as const));
  return (judged, at) => {
    const { metric, against, band } = judged;
    const key = `${metric} ${against ?? ''}`;
    const isBad = band === 'fail' || band === 'rollback';
    const bad = lasting(`bad ${key}`, isBad, at);
    const worst = lasting(`rollback ${key}`, band === 'rollback', at);
    if (metric === stage.zero) {
      const good = lasting(`zero ${key}`, band === 'pass', at);
      return good >= stage.zeroFor || band !== 'pass' ? judged : { ...judged, band: 'hold' };
    }
    if (band === 'rollback' && worst < (times.get(metric) ?? 0)) return held(judged);
    if (band === 'fail' && bad < (grace.get(metric) ?? 0)) return held(judged);
    return judged;
  };
}

function held(judged: Judged): Judged {
  const band: RolloutBand = 'hold';
  return { ...judged, band };
}
