/** The runbook of a rehearsal: the same, but for inputs that name other databases and applications. */

import type { LoadedRunbook } from '../cutover/readRunbook.ts';
import { actionsOf, inputOf, kindOf, type Runbook } from '../cutover/runbook.ts';
import { Failure } from '../outcome/failure.ts';

/** Returns the runbook with the inputs of its rehearsal. @throws Failure USAGE if one that is changed has none */
export function rehearsed({ runbook, name, where }: LoadedRunbook): Runbook {
  const { rehearsal, inputs } = runbook;
  if (rehearsal === null) {
    throw new Failure('USAGE', {
      what: 'the runbook does not say what a rehearsal works with',
      where: name,
      hint: 'give it other databases and applications under "rehearsal", or see the steps with sealift cutover run --dry-run',
    });
  }
  for (const action of [...runbook.steps.flatMap(actionsOf), ...runbook.monitor]) {
    const input = inputOf(action);
    if (
      input === null ||
      !inputs.has(input) ||
      rehearsal.inputs.has(input) ||
      kindOf(action) === 'gate'
    ) {
      continue;
    }
    throw new Failure('USAGE', {
      what: `a rehearsal would work on the ${input} of the real run`,
      where: where(action.pointer),
      hint: `give ${input} another value under "rehearsal"`,
    });
  }
  return { ...runbook, inputs: new Map([...inputs, ...rehearsal.inputs]) };
}
