/**
 * The soak of a stage, as its picture shows it: which time counted, which did not and why, and when a look came to
 * a checkpoint. It follows what the looks were judged, as the engine does. Pure.
 */

import type { RolloutStage, SoakStretch } from '../../outcome/rolloutStory.ts';
import type { Judged } from '../rollout/judged.ts';
import { checkpoints, openSoak, type Soak, type SoakPlan } from '../rollout/stageSoak.ts';
import type { SoakState } from '../rollout/stageSoak.ts';
import { openSpans } from './spanList.ts';

const MOST_STRETCHES = 240;
const MOST_REACHED = 60;

/** What is known of the soak of a stage. */
export type SoakStory = Pick<
  RolloutStage,
  | 'soakFrom'
  | 'soak'
  | 'passed'
  | 'looks'
  | 'restarts'
  | 'missed'
  | 'stretches'
  | 'reached'
  | 'checkpoints'
>;

/** A look with the bands that count: one within its grace is not decided. */
export interface FollowedSoak {
  readonly judged: readonly Judged[];
  readonly state: SoakState;
  /** What began the soak anew; null where nothing did. */
  readonly anew: Judged | null;
}

export interface SoakBook {
  /** Begins the soak, once more if it has begun before. */
  begin(at: number): void;
  /** Adds a look, of a time in ms since 1970. */
  look(at: number, judged: readonly Judged[]): FollowedSoak;
  story(): SoakStory;
}

export function openSoakStory(plan: SoakPlan): SoakBook {
  const points = checkpoints(plan.stage);
  const every = Math.ceil(points.length / MOST_REACHED);
  const stretches = openSpans<SoakStretch>({
    most: MOST_STRETCHES,
    alikeFor: Infinity,
    isAlike: (one, other) => one.kind === other.kind && one.to === other.from,
    canJoin: () => true,
    joined: (one, other) => ({ kind: worse(one, other), from: one.from, to: other.to }),
  });
  const counts = { looks: 0, restarts: 0, missed: 0 };
  let soak: Soak | null = null;
  let soakFrom: number | null = null;
  let [last, next] = [0, 0];
  let reached: number[] = [];
  const lose = (): void => {
    stretches.change((one) => (one.kind === 'counted' ? { ...one, kind: 'lost' } : one));
    [next, reached] = [0, []];
  };
  const reach = (at: number, passed: number): void => {
    for (; next < points.length && (points[next] ?? 0) <= passed; next += 1) {
      if (next % every === 0 || next === points.length - 1) reached.push(at);
    }
  };
  return {
    begin(at) {
      if (soak !== null) {
        lose();
        counts.restarts += soak.state.restarts + 1;
        counts.missed += soak.state.missed;
      }
      soak = openSoak(plan, at);
      [soakFrom, last] = [at, at];
    },
    look(at, judged) {
      soak ??= openSoak(plan, at);
      const before = soak.state;
      const state = soak.add({ at, judged });
      const failed = state.open.find(
        (one) => one.band === 'fail' && one.metric !== plan.stage.zero,
      );
      const kind = kindOf(before, state, failed !== undefined);
      const anew = state.restarts > before.restarts ? (failed ?? null) : null;
      if (anew !== null) lose();
      if (kind !== null && at > last) stretches.add({ kind, from: last, to: at });
      if (kind !== null) last = Math.max(last, at);
      reach(at, state.passed);
      counts.looks += 1;
      return { judged: judged.map((one) => withBand(one, state)), state, anew };
    },
    story: () => ({
      soakFrom,
      soak: plan.stage.soak,
      passed: soak?.state.passed ?? 0,
      looks: counts.looks,
      restarts: counts.restarts + (soak?.state.restarts ?? 0),
      missed: counts.missed + (soak?.state.missed ?? 0),
      stretches: stretches.list,
      reached,
      checkpoints: points.length,
    }),
  };
}

/** What the time up to a look is; null where that is only known with the next one. */
function kindOf(before: SoakState, now: SoakState, fails: boolean): SoakStretch['kind'] | null {
  if (fails) return 'failed';
  if (now.open.some(({ band }) => band === 'unknown')) return null;
  return now.missed > before.missed ? 'missed' : 'counted';
}

/** From the best to the worst. */
const ORDER: readonly SoakStretch['kind'][] = ['counted', 'lost', 'missed', 'failed'];

function worse(one: SoakStretch, other: SoakStretch): SoakStretch['kind'] {
  return ORDER.indexOf(other.kind) > ORDER.indexOf(one.kind) ? other.kind : one.kind;
}

function withBand(one: Judged, { open }: SoakState): Judged {
  const found = open.find((other) => other.metric === one.metric && other.against === one.against);
  return { ...one, band: found?.band ?? 'pass' };
}
