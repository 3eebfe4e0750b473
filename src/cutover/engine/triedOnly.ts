/**
 * What a rehearsal does not do: changes of what the rehearsal has no other of, such as the repository, files, and
 * what a program reaches. They are tried without effect, unless the runbook names their step. Pure.
 */

import { inputOf, kindOf, type Action } from '../runbook.ts';
import type { LiveRun } from './liveRun.ts';

/** Whether an action of a step, or of its way back, is only tried in this run. */
export function isTriedOnly(
  { rehearsal, runbook }: Pick<LiveRun, 'rehearsal' | 'runbook'>,
  step: string,
  action: Action,
): boolean {
  if (rehearsal === null || runbook.rehearsal === null) return false;
  const kind = kindOf(action);
  if (kind === 'check' || kind === 'gate') return false;
  const { inputs, does } = runbook.rehearsal;
  if (does.includes(step)) return false;
  const input = inputOf(action);
  const { file, run, url } = action.members;
  const isElsewhere = typeof url === 'string' && !url.startsWith('/');
  return (
    input === null || !inputs.has(input) || file !== undefined || run !== undefined || isElsewhere
  );
}
