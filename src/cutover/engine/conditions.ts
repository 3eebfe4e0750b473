/** Conditions of a runbook, by what is known of a run: results of steps, the last looks of watches, inputs. */

import { isMet, parseCondition, UNDONE, type Condition } from '../condition.ts';
import { statusOf, type LiveRun } from './liveRun.ts';
import { resultOf } from './triggers.ts';

/**
 * Whether a condition holds. `unknown` is the answer where its value is not known: no step is done for such a
 * reason, and no part of a way back is left out, as the effect may be there.
 */
export function conditionHolds(run: LiveRun, text: string, unknown: boolean): boolean {
  const condition = parseCondition(text);
  if (condition === null) return false;
  const value = valueOf(run, condition);
  return value === null ? unknown : isMet(condition, value);
}

function valueOf(run: LiveRun, condition: Condition): string | number | boolean | null {
  const { name, result } = condition;
  if (result === null) return valueNamed(run, name);
  if (result === UNDONE) return statusOf(run, name ?? '') === 'UNDONE' ? 1 : 0;
  return resultOf(run.held.record, condition);
}

function valueNamed(
  { runbook, watches, held }: LiveRun,
  name: string | null,
): string | number | boolean | null {
  const input = runbook.inputs.get(name ?? '');
  if (input !== undefined && typeof input !== 'object') return input;
  const watch = watches.find(({ id }) => id !== null && id === name);
  return (watch && held.record.samples.get(watch.key)?.at(-1)?.value) ?? null;
}
