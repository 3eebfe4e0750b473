/** The inputs that the steps of a runbook act on: its databases and applications. Pure. */

import { actionsOf, inputOf, type Runbook } from './runbook.ts';
import { STEP_TYPES } from './steps/stepTypes.ts';

/** Returns names of inputs that steps act on, ascending, with what they are. */
export function actedOn(runbook: Runbook): ReadonlyMap<string, 'database' | 'application'> {
  const found = new Map<string, 'database' | 'application'>();
  for (const action of [...runbook.steps.flatMap(actionsOf), ...runbook.monitor]) {
    const { place } = STEP_TYPES[action.use];
    const name = inputOf(action);
    if (name === null || !runbook.inputs.has(name)) continue;
    if (place === 'database' || place === 'application') found.set(name, place);
  }
  return new Map([...found].toSorted(([one], [other]) => (one < other ? -1 : 1)));
}
