/**
 * cutover plan: the steps of a runbook in their order, where they run, what they wait for and how long they
 * take. Runs nothing. What lint finds, it finds, too, so that a plan is never milder.
 */

import { measuredTimes } from '../cutover/engine/measuredTimes.ts';
import { lintRunbook } from '../cutover/lintRunbook.ts';
import { planLines } from '../cutover/planLines.ts';
import { planRunbook } from '../cutover/planRunbook.ts';
import { readRunbook } from '../cutover/readRunbook.ts';
import { checkOutcome, type Outcome } from '../outcome/outcome.ts';
import { projectPaths } from '../project/paths.ts';
import type { Environment } from '../run/environment.ts';

/** Plans the runbook at a path. */
export function cutoverPlan(path: string, project: string, { cwd, now }: Environment): Outcome {
  const loaded = readRunbook(path, cwd);
  const { runbook, planHash } = loaded;
  const { run, steps } = measuredTimes(projectPaths(project), runbook.name);
  const plan = planRunbook(runbook, steps);
  return checkOutcome({
    command: 'cutover plan',
    modules: [],
    findings: lintRunbook(loaded, now()),
    facts: { planHash, plan, measuredIn: run },
    notes: [
      ...planLines(plan),
      ...(run === null ? [] : [`measured   in ${run}`]),
      `plan hash  ${planHash}`,
    ],
  });
}
