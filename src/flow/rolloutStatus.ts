/** rollout status: where each stage stands, and what is missing for the next one; reads the journal, and changes nothing. */

import { readRunbook } from '../cutover/readRunbook.ts';
import type { Outcome } from '../outcome/outcome.ts';
import type { Environment } from '../run/environment.ts';
import { cutoverStatus, type StatusOptions } from './cutoverStatus.ts';
import { assertRollout } from './rolloutParts.ts';

/** Shows the state of a rollout. */
export async function rolloutStatus(
  options: Pick<StatusOptions, 'project' | 'runbook' | 'run' | 'report'>,
  env: Environment,
): Promise<Outcome> {
  const { runbook, name } = readRunbook(options.runbook, env.cwd);
  assertRollout(runbook, name);
  const command = 'rollout status';
  return cutoverStatus({ ...options, command, checklist: null, incident: null }, env);
}
