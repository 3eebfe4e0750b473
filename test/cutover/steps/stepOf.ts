/** Types of steps as tests use them: all their methods are there, and their members match the schema. */

import { compileShape } from '../../../src/mapping/check/schemaErrors.ts';
import { RUNBOOK_SCHEMA } from '../../../src/cutover/schema/runbookSchema.ts';
import { STEP_TYPES, type StepName } from '../../../src/cutover/steps/stepTypes.ts';
import type { DoneStep, Members } from '../../../src/cutover/steps/stepType.ts';

/** Returns a type that does something. */
export function stepOf(name: StepName): DoneStep {
  const type = STEP_TYPES[name];
  if (type.kind === 'gate') throw new Error(`${name} waits, and does nothing`);
  return type;
}

const check = compileShape(RUNBOOK_SCHEMA);

/** Returns members after the schema has taken them as those of a step. */
export function membersOf(use: StepName, members: Members): Members {
  const error = check({ runbook: 'a', steps: [{ id: 'step', use, ...members }] });
  if (error !== null) throw new Error(`${error.pointer}: ${error.what}`);
  return members;
}
