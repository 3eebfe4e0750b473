/** Applies a step in a process of its own, which a test kills: `applyProcess.ts TYPE JSON`. */

import { STEP_TYPES, type StepName } from '../../../src/cutover/steps/stepTypes.ts';
import type { Members } from '../../../src/cutover/steps/stepType.ts';
import { databaseWorld, doneStep, workOf, type Call, type WorldParts } from './databaseWorld.ts';

export interface Applied {
  readonly parts: Omit<WorldParts, 'afterProgram'>;
  readonly members: Members;
  readonly call: Call;
}

if (process.argv[1]?.endsWith('applyProcess.ts') === true) {
  const [, , type = '', json = ''] = process.argv;
  const { parts, members, call } = JSON.parse(json) as Applied;
  const work = workOf(databaseWorld(parts), members, call);
  process.stdout.write('begun\n');
  const result = await doneStep(STEP_TYPES[type as StepName]).apply(work);
  process.stdout.write(`${JSON.stringify(result)}\n`);
}
