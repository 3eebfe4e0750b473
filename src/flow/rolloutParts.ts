/** What commands of a rollout have in common. */

import type { Runbook } from '../cutover/runbook.ts';
import { Failure } from '../outcome/failure.ts';

/** @throws Failure USAGE for a runbook without stages */
export function assertRollout({ rollout }: Runbook, path: string): void {
  if (rollout !== null) return;
  throw new Failure('USAGE', {
    what: 'the runbook has no rollout',
    where: path,
    hint: 'add "rollout" with its stages, or use sealift cutover',
  });
}
