/** What the rules of a runbook get, and how they report. Pure. */

import { pointerTo } from '../../mapping/place.ts';
import type { Rule } from '../../outcome/rules.ts';
import type { Runbook } from '../runbook.ts';

/** Rules about runbooks. */
export type RunbookRule = Extract<Rule, `runbook-${string}`>;

/** Reports a defect at a JSON pointer. The reason is a clause that holds no secret. */
export type Report = (rule: RunbookRule, pointer: string, reason: string) => void;

/** What is linted. */
export interface Linted {
  readonly runbook: Runbook;
  /** The value of the file. */
  readonly value: unknown;
  /** The day from which changes of clocks are searched for. */
  readonly today: Date;
}

/** A text in a runbook. */
export interface TextAt {
  readonly text: string;
  readonly pointer: string;
}

/** Yields every text of a value, in its order. */
export function* textsIn(value: unknown, pointer: string = ''): Generator<TextAt> {
  if (typeof value === 'string') yield { text: value, pointer };
  if (typeof value !== 'object' || value === null) return;
  for (const [name, member] of Object.entries(value)) {
    yield* textsIn(member, pointer + pointerTo(name));
  }
}
