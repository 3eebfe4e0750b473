/** The axis of times of a run: where a time is, in percent, and which times are marked. Pure. */

import { isoTime } from '../../outcome/age.ts';
import { dayOf } from './utcTimes.ts';

const [SECOND, MINUTE, HOUR, DAY] = [1000, 60_000, 3_600_000, 86_400_000];
const STEPS: readonly number[] = [
  ...[1, 2, 5, 10, 15, 30].map((count) => count * SECOND),
  ...[1, 2, 5, 10, 15, 30].map((count) => count * MINUTE),
  ...[1, 2, 3, 6, 12].map((count) => count * HOUR),
  ...[1, 2, 5, 10, 20, 50, 100, 200, 500].map((count) => count * DAY),
];
const MOST_TICKS = 5;

export interface Tick {
  readonly percent: string;
  readonly label: string;
}

export interface TimeScale {
  readonly from: number;
  readonly to: number;
  /** Position of a time, 0 at the beginning and 100 at the end; times beyond are at the edges. */
  at(time: number): number;
  readonly ticks: readonly Tick[];
}

/** Makes the scale of a time that is at least a second long. */
export function timeScale(from: number, until: number): TimeScale {
  const to = Math.max(until, from + SECOND);
  const at = (time: number): number =>
    (Math.min(Math.max(time, from), to) - from) / ((to - from) / 100);
  const step = STEPS.find((one) => (to - from) / one <= MOST_TICKS) ?? 1000 * DAY;
  const first = Math.ceil(from / step) * step;
  const count = Math.max(0, Math.floor((to - first) / step) + 1);
  const times = Array.from({ length: count }, (_, number) => first + number * step);
  return {
    from,
    to,
    at,
    ticks: times.map((time) => ({ percent: percent(at(time)), label: labelOf(time, step) })),
  };
}

function labelOf(time: number, step: number): string {
  if (time % DAY === 0) return dayOf(time);
  return isoTime(time / 1000).slice(11, step < MINUTE ? 19 : 16);
}

/** Writes a position as an attribute of SVG. */
export function percent(position: number): string {
  return `${position.toFixed(2)}%`;
}
