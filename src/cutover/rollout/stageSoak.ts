/**
 * The soak of a stage: its looks have to be good for so long, one after the other. A failure begins it anew; time
 * around a checkpoint that was missed is not known, and does not count. At its end every metric has to be shown
 * good by what the whole stage has counted. Pure.
 */

import type { Metric, Stage } from '../runbook.ts';
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
  const lasting = lastingBands(plan);
  let last = begun;
  let lookedAt = begun;
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
      const expected = nextPoint(points, state.passed);
      const isLate = at - lookedAt > expected.in + expected.slack;
      lookedAt = Math.max(lookedAt, at);
      const effective = judged.map((one) => lasting.judge(one, at, isLate));
      const isUnknown = effective.some(({ band }) => band === 'unknown');
      const fails = effective.some(({ metric, band }) => band === 'fail' && counts(plan, metric));
      let { passed, restarts, missed } = state;
      if (fails) {
        if (passed > 0) restarts += 1;
        passed = 0;
        last = at;
      } else if (!isUnknown) {
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
      const gap = Math.min(again, gapAfter(points, counted, plan.stage));
      const dueAt = Math.min(at + gap, lasting.dueAt(at));
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

/** How late a look may come to a checkpoint, as a part of the time since the checkpoint before. */
const LATEST = 0.5;

/** How often a scheduler has to tick so that it comes to each checkpoint in time, in ms. */
export function tickTime(stage: Stage): number {
  let [least, before] = [Infinity, 0];
  for (const point of checkpoints(stage)) {
    least = Math.min(least, point - before);
    before = point;
  }
  return least * LATEST;
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
  return { in: at < 0 ? gap : point - passed, slack: gap * LATEST };
}

/** Time until the next look: at the next checkpoint, or before, where the stage looks more often. */
function gapAfter(points: readonly number[], passed: number, { look }: Stage): number {
  const { in: until } = nextPoint(points, passed);
  return look === null ? until : Math.min(look, until);
}

/** Looks in a grace, so that one of them says that the failure is over before it is. */
const LOOKS_IN_GRACE = 4;

interface Lasting {
  /** The band that a look counts as; `isLate` where nothing has looked when it should have. */
  judge(judged: Judged, at: number, isLate: boolean): Judged;
  /** When a look has to tell whether something that was bad lasts, in ms since 1970; Infinity for nothing. */
  dueAt(at: number): number;
}

/**
 * Bands that have to last: a failure within its grace is not yet one, a breach shorter than `for` only fails, and
 * a number that has to be zero has to be so for some time. A look that knows nothing neither begins nor ends one.
 */
function lastingBands({ stage, metrics }: SoakPlan): Lasting {
  const byId = new Map(metrics.map((metric) => [metric.id, metric] as const));
  const [bad, worst, zero] = [openTimes(), openTimes(), openTimes()];
  /** Ends of the graces that are not over, by what fails. */
  const graces = new Map<string, { readonly end: number; readonly gap: number }>();
  const breaches = new Map<string, number>();
  const asBad = (judged: Judged, key: string, at: number): Judged => {
    const { grace = 0, lasts = 0 } = byId.get(judged.metric) ?? {};
    const [since, worstSince] = [bad.begun(key, at), worst.begun(key, at)];
    breaches.delete(key);
    if (judged.band === 'rollback') {
      if (at - worstSince >= lasts) return judged;
      breaches.set(key, worstSince + lasts);
    }
    graces.delete(key);
    if (at - since >= grace) return { ...judged, band: 'fail' };
    graces.set(key, { end: since + grace, gap: grace / LOOKS_IN_GRACE });
    return { ...judged, band: 'hold' };
  };
  return {
    judge(judged, at, isLate) {
      const { metric, against, band } = judged;
      const key = `${metric} ${against ?? ''}`;
      if (metric === stage.zero) {
        if (band !== 'pass' || isLate) zero.end(key);
        if (band !== 'pass' || at - zero.begun(key, at) >= stage.zeroFor) return judged;
        return { ...judged, band: 'hold' };
      }
      if (band === 'unknown') return judged;
      if (band !== 'rollback') worst.end(key);
      if (band === 'fail' || band === 'rollback') return asBad(judged, key, at);
      bad.end(key);
      breaches.delete(key);
      const grace = graces.get(key);
      graces.delete(key);
      // Nothing has seen the failure end in time.
      return grace !== undefined && at > grace.end ? { ...judged, band: 'fail' } : judged;
    },
    dueAt: (at) =>
      Math.min(
        ...[...graces.values()].map(({ gap }) => at + gap),
        ...[...breaches.values()].filter((due) => due > at),
      ),
  };
}

interface Times {
  /** Since when something is so, which begins at a time unless it has. */
  begun(key: string, at: number): number;
  end(key: string): void;
}

function openTimes(): Times {
  const started = new Map<string, number>();
  return {
    begun(key, at) {
      const begun = started.get(key) ?? at;
      started.set(key, begun);
      return begun;
    },
    end: (key) => void started.delete(key),
  };
}
