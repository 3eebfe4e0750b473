/** Conditions on a number as bands of a chart: what passes, what holds, what is a breach. Pure. */

import type { StoryBand } from '../../outcome/runStory.ts';
import { isMet, parseCondition, type Condition } from '../condition.ts';

/** What judges the numbers of a series. */
export interface Judges {
  /** What passes; null where only breaches are known. */
  readonly pass: Condition | null;
  /** Any of them is a breach. */
  readonly breaches: readonly Condition[];
  /** What a number is that neither passes nor meets one of them. */
  readonly otherwise: 'hold' | 'breach';
}

/** Returns what a number is. */
export function bandOfNumber(judges: Judges, value: number): StoryBand['kind'] {
  const { pass, breaches, otherwise } = judges;
  if (breaches.some((condition) => isMet(condition, value))) return 'breach';
  return pass === null || isMet(pass, value) ? 'pass' : otherwise;
}

/** Returns the bands from the lowest to the highest; none where no number is judged. */
export function bandsOf(judges: Judges): readonly StoryBand[] {
  const conditions = [...judges.breaches, ...(judges.pass === null ? [] : [judges.pass])];
  const limits = [...new Set(conditions.flatMap(({ value }) => numbersIn(value)))];
  limits.sort((one, other) => one - other);
  const bands: StoryBand[] = [];
  const add = (from: number | null, to: number | null, at: number): void => {
    const kind = bandOfNumber(judges, at);
    const last = bands.at(-1);
    if (last?.kind === kind) bands[bands.length - 1] = { ...last, to };
    else bands.push({ from, to, kind });
  };
  for (const [at, limit] of limits.entries()) {
    const before = limits[at - 1];
    add(before ?? null, limit, before === undefined ? limit - 1 : (before + limit) / 2);
    // A limit of its own kind is a band without height, such as that of `== 0`.
    add(limit, limit, limit);
  }
  const last = limits.at(-1);
  if (last !== undefined) add(last, null, last + 1);
  return bands;
}

function numbersIn(value: Condition['value']): readonly number[] {
  return typeof value === 'number' ? [value] : [];
}

/** Parses a condition on the number at hand; null for all else. */
export function numberCondition(text: unknown): Condition | null {
  const condition = typeof text === 'string' ? parseCondition(text) : null;
  return typeof condition?.value === 'number' ? condition : null;
}
