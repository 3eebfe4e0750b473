/**
 * Conditions of a runbook: `verify.failed > 0`, `http5xx > 0.01`, `status=='PASS'`, `>=95`. One comparison
 * of a name, or of the value at hand if there is none, with a number, a text or a truth value. Pure.
 */

import { CONDITION_PATTERN } from './schema/runbookParts.ts';

export type Comparison = '==' | '!=' | '<' | '<=' | '>' | '>=';

export interface Condition {
  /** Step, metric, monitor, column or branch; null for the value at hand. */
  readonly name: string | null;
  /** Result of a step, such as `failed`; null without one. */
  readonly result: string | null;
  readonly comparison: Comparison;
  /** A percentage is a number, too: 95% is 95. */
  readonly value: number | string | boolean;
}

/** Result of every step: 1 once its way back is done. Ways back of a rollout name it. */
export const UNDONE = 'undone';

const FORM = new RegExp(CONDITION_PATTERN, 'u');

/** Parses a condition; null if the text is not one. */
export function parseCondition(text: string): Condition | null {
  const match = FORM.exec(text);
  if (match === null) return null;
  const [, name, result, comparison, number, single, double, truth] = match;
  const value =
    number === undefined
      ? truth === undefined
        ? (single ?? double ?? '')
        : truth === 'true'
      : Number(number);
  return {
    name: name ?? null,
    result: result ?? null,
    comparison: comparison as Comparison,
    value,
  };
}

/** Whether every count, a whole number from 0 on, satisfies the condition. */
export function holdsForEveryCount({ comparison, value }: Condition): boolean {
  if (typeof value !== 'number') return comparison === '!=';
  if (comparison === '>=') return value <= 0;
  if (comparison === '>') return value < 0;
  return comparison === '!=' && (value < 0 || !Number.isInteger(value));
}

/**
 * Whether a value satisfies the condition. Values of different kinds are not equal, and in no order; a text
 * with the form of a number is one where the condition compares with a number.
 */
export function isMet({ comparison, value }: Condition, seen: number | string | boolean): boolean {
  if (typeof value === 'number') {
    const number = typeof seen === 'string' && /^-?\d+(?:\.\d+)?$/.test(seen) ? Number(seen) : seen;
    if (typeof number === 'number') return COMPARE[comparison](number, value);
    return comparison === '!=';
  }
  if (comparison === '==') return seen === value;
  return comparison === '!=' && seen !== value;
}

/** Whether some number satisfies both conditions. */
export function canBothHold(one: Condition, other: Condition): boolean {
  const values = [one.value, other.value].filter((value) => typeof value === 'number');
  // Between and beside the limits, comparisons do not change.
  const [a = 0, b = 0] = values.toSorted((x, y) => x - y);
  return [a - 1, a, (a + b) / 2, b, b + 1].some((at) => holds(one, at) && holds(other, at));
}

const COMPARE: Readonly<Record<Comparison, (one: number, other: number) => boolean>> = {
  '==': (one, other) => one === other,
  '!=': (one, other) => one !== other,
  '<': (one, other) => one < other,
  '<=': (one, other) => one <= other,
  '>': (one, other) => one > other,
  '>=': (one, other) => one >= other,
};

/** Whether a number satisfies the condition; no number satisfies one with a text but for `!=`. */
function holds({ comparison, value }: Condition, at: number): boolean {
  return COMPARE[comparison](at, typeof value === 'number' ? value : Number.NaN);
}
