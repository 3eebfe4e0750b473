/** What a step will do, in words, from its runbook and its inputs alone. */

import { Failure } from '../../outcome/failure.ts';
import type { Runbook, Step } from '../runbook.ts';
import type { World } from '../world/world.ts';
import { completeMembers } from './completeMembers.ts';
import type { StepTypes } from './liveRun.ts';

const WAITS = {
  approval: 'people',
  window: 'the window',
  metrics: 'the metrics of its stage',
} as const;

/** Says what a step would do. */
export function planOf(
  types: StepTypes,
  runbook: Runbook,
  world: Pick<World, 'input' | 'redactor'>,
  step: Step,
): string {
  const type = types[step.use];
  if (type.kind === 'gate') return `wait for ${WAITS[type.waitsFor]}`;
  try {
    return world.redactor.text(type.plan(completeMembers(step, runbook, world.input)));
  } catch (error) {
    if (error instanceof Failure) return world.redactor.text(error.line());
    throw error;
  }
}
