/** cutover lint: what is wrong with a runbook, at lines and columns. Runs nothing. */

import { lintRunbook } from '../cutover/lintRunbook.ts';
import { readRunbook } from '../cutover/readRunbook.ts';
import { counted } from '../outcome/counted.ts';
import { checkOutcome, type Outcome } from '../outcome/outcome.ts';
import type { Environment } from '../run/environment.ts';

/** Lints the runbook at a path. */
export function cutoverLint(path: string, { cwd, now }: Environment): Outcome {
  const loaded = readRunbook(path, cwd);
  const { runbook, planHash } = loaded;
  return checkOutcome({
    command: 'cutover lint',
    modules: [],
    findings: lintRunbook(loaded, now()),
    facts: { runbook: runbook.name, planHash, steps: runbook.steps.length },
    notes: [
      `plan hash  ${planHash}`,
      `${counted(runbook.steps.length, 'step')} and ${counted(runbook.stages.length, 'stage')} read, none of them run`,
    ],
  });
}
