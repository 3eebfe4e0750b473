/** What has fired in a run: the trigger or monitor of a line of its journal, with the number against its condition. Pure. */

import type { JournalEntry } from '../../journal/line.ts';
import { isMet, parseCondition } from '../condition.ts';
import { textIn, type RunEvidence } from './runEvidence.ts';

export interface Fired {
  readonly at: string;
  /** The condition of a trigger, or the type of a monitor. */
  readonly when: string;
  /** Of a trigger; null for a monitor, which has none. */
  readonly severity: string | null;
  readonly action: string;
  /** The number that was compared; null for none. */
  readonly value: number | null;
  /** Since when it was so; its own time where no look tells. */
  readonly since: string;
}

/** Returns what has fired by lines up to an index, in their order. */
export function firedIn(evidence: RunEvidence, upTo: number): readonly Fired[] {
  const { lines } = evidence;
  return lines.slice(0, upTo + 1).flatMap((line, at) => {
    const isCause = line.event === 'breached' || line.event === 'rollback-begun';
    const fired = isCause ? firedBy(evidence, line, lines.slice(0, at)) : null;
    return fired === null ? [] : [fired];
  });
}

/** Returns what has fired by a line after others; null if that is of no trigger or monitor. */
export function firedBy(
  { runbook }: Pick<RunEvidence, 'runbook'>,
  line: JournalEntry,
  before: readonly JournalEntry[],
): Fired | null {
  const of = textIn(line, 'of') ?? '';
  const [, number] = /^trigger:(\d+):/.exec(of) ?? [];
  const trigger = number === undefined ? undefined : runbook.triggers[Number(number)];
  if (trigger !== undefined) {
    const { when, severity } = trigger;
    const { value, since } = valueOf(when, before, line.at);
    return { at: line.at, when, severity, action: actionOf(line, of), value, since };
  }
  const [, key] = /^(watch:.+):fail$/.exec(of) ?? [];
  if (key === undefined) return null;
  const last = before.findLast(({ event, of: name }) => event === 'sampled' && name === key);
  const value = typeof last?.['value'] === 'number' ? last['value'] : null;
  const when = `${key} does not pass`;
  return { at: line.at, when, severity: null, action: actionOf(line, of), value, since: line.at };
}

function actionOf({ event, action }: JournalEntry, of: string): string {
  if (event === 'rollback-begun') return 'rollback';
  return typeof action === 'string' ? action : of.endsWith(':hold') ? 'hold' : 'held';
}

/** Returns the number that a condition compared, and since when it was met without one that was not. */
function valueOf(
  when: string,
  before: readonly JournalEntry[],
  at: string,
): { readonly value: number | null; readonly since: string } {
  const condition = parseCondition(when);
  if (condition === null) return { value: null, since: at };
  const { name, result } = condition;
  if (result !== null) {
    const end = before.findLast(({ event, step }) => event === 'step-ended' && step === name);
    const number = (Object(end?.['results']) as Record<string, unknown>)[result];
    const least = result === 'failed' && end?.['verdict'] === 'FAIL' ? 1 : 0;
    const value = typeof number === 'number' ? Math.max(least, number) : least || null;
    return { value, since: end?.at ?? at };
  }
  const looks = before.filter(({ event, of }) => event === 'sampled' && of === `watch:${name}`);
  const numbers = looks.flatMap(({ value, at: time }) =>
    typeof value === 'number' ? [{ value, time }] : [],
  );
  const passed = numbers.findLastIndex(({ value }) => !isMet(condition, value));
  const last = numbers.at(-1);
  return { value: last?.value ?? null, since: numbers[passed + 1]?.time ?? at };
}
