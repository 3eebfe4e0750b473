/**
 * Where the numbers of a lane are in its plot: around its limits and what it was once enough was counted; what is
 * beyond is at the edge. Comparisons are on a logarithmic scale; a split is in tolerances beside its share. Pure.
 */

import type {
  LaneStage,
  RolloutLane,
  RolloutLimits,
  RolloutLooks,
} from '../../outcome/rolloutStory.ts';

/** A line of a limit, from the top in px. */
export interface LimitLine {
  readonly y: number;
  /** `middle`: what a number has to be, within a margin. */
  readonly kind: 'pass' | 'rollback' | 'middle';
}

export interface LaneScale {
  /** Position of a number of a stage, in px from the top. */
  readonly y: (stage: number, value: number) => number;
  readonly limitsOf: (stage: LaneStage) => readonly LimitLine[];
}

/** The least number that a comparison has a position of its own for. */
const LEAST_TIMES = 1 / 64;
/** Most tolerances that a split is drawn beside its share. */
const MOST_TOLERANCES = 6;

export function laneScale(lane: RolloutLane, height: number): LaneScale {
  const limits = new Map(lane.stages.map((one) => [one.stage, one.limits]));
  const place = (stage: number, value: number): number => placeOf(lane, limits.get(stage), value);
  const { low, high } = domainOf(lane, place);
  const y = (stage: number, value: number): number => {
    const share = (Math.min(Math.max(place(stage, value), low), high) - low) / (high - low);
    return Number((height * (1 - share)).toFixed(1));
  };
  return {
    y,
    limitsOf: ({ stage, limits: own }) =>
      edgesOf(own).map(({ value, kind }) => ({ y: y(stage, value), kind })),
  };
}

function placeOf(lane: RolloutLane, limits: RolloutLimits | undefined, value: number): number {
  if (lane.isCompared) return Math.log2(Math.max(value, LEAST_TIMES));
  if (lane.measure !== 'split') return value;
  const margin = limits?.margin ?? 0;
  return (value - (limits?.pass?.value ?? 0)) / (margin > 0 ? margin : 1);
}

/** Numbers between which a metric passes, what it has to be, and from which on it rolls back. */
function edgesOf({
  pass,
  rollback,
  margin,
}: RolloutLimits): readonly (Omit<LimitLine, 'y'> & { readonly value: number })[] {
  const wide = pass === null ? [] : passEdges(pass.comparison, pass.value, margin);
  const middle = pass?.comparison === '==' && margin > 0 ? [pass.value] : [];
  return [
    ...wide.map((value) => ({ value, kind: 'pass' as const })),
    ...middle.map((value) => ({ value, kind: 'middle' as const })),
    ...(rollback === null ? [] : [{ value: rollback.value, kind: 'rollback' as const }]),
  ];
}

function passEdges(comparison: string, value: number, margin: number): readonly number[] {
  if (comparison.startsWith('>')) return [value - margin];
  if (comparison.startsWith('<')) return [value + margin];
  return margin === 0 ? [value] : [value - margin, value + margin];
}

interface Domain {
  readonly low: number;
  readonly high: number;
}

function domainOf(lane: RolloutLane, place: (stage: number, value: number) => number): Domain {
  const numbers = lane.stages.flatMap(({ stage, limits, last }) => [
    ...edgesOf(limits).map(({ value }) => place(stage, value)),
    ...endsOf(last).map((value) => place(stage, value)),
  ]);
  const parts = clearParts(lane.parts).flatMap((part) => {
    const ends = [...endsOf(part), part.lowest, part.highest].filter((end) => end !== null);
    return ends.map((value) => place(part.stage, value));
  });
  const all = [...numbers, ...parts];
  const [low, high] = all.length === 0 ? [0, 1] : [least(all), -least(all.map((one) => -one))];
  const pad = (high - low || Math.abs(high) || 1) * 0.1;
  const wide = { low: low - pad, high: high + pad };
  return bounded(lane, wide, low);
}

function least(numbers: readonly number[]): number {
  return numbers.reduce((one, other) => Math.min(one, other), Infinity);
}

/** A count or a share below nothing is none, and so is a share above all. */
function bounded({ measure, isCompared }: RolloutLane, wide: Domain, low: number): Domain {
  if (isCompared) return wide;
  if (measure === 'split') {
    const [from, to] = [Math.min(wide.low, -2), Math.max(wide.high, 2)];
    return { low: Math.max(from, -MOST_TOLERANCES), high: Math.min(to, MOST_TOLERANCES) };
  }
  const isShare = measure === 'share' || measure === 'kinds';
  // The line of nothing stays within the plot.
  const floor = low >= 0 && wide.low < 0 ? -(wide.high - low) * 0.06 : wide.low;
  return { low: floor, high: isShare ? Math.min(wide.high, 100.5) : wide.high };
}

function endsOf({
  low,
  high,
  seen,
}: Pick<RolloutLooks, 'low' | 'high' | 'seen'>): readonly number[] {
  return [low, high, seen].filter((end) => end !== null);
}

/** The half of the parts with the narrower intervals: before that, all could be true. */
function clearParts(parts: readonly RolloutLooks[]): readonly RolloutLooks[] {
  const widths = parts.map(widthOf).toSorted((one, other) => one - other);
  const median = widths[Math.floor((widths.length - 1) / 2)] ?? 0;
  return parts.filter((part) => widthOf(part) <= median);
}

function widthOf({ low, high }: RolloutLooks): number {
  return low === null || high === null ? Infinity : high - low;
}
