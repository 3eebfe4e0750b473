/** The outcome of promote and rollback. */

import { actionOutcome, type Outcome } from '../outcome/outcome.ts';
import type { Move } from '../journal/event.ts';
import { sealIdOf } from '../seal/sealedFolders.ts';
import type { Verification } from '../seal/verify.ts';
import type { LivePointer } from './pointerSession.ts';

/** Makes the outcome: candidate `name` is live, or would be on a dry run. */
export function pointerOutcome(
  command: Move,
  { paths, notes, dryRun }: LivePointer,
  name: string,
  { run, dataRoot }: Verification,
  now: readonly string[],
): Outcome {
  return actionOutcome({
    command,
    ...(run === null ? {} : { runId: run.runId }),
    sealId: sealIdOf(name),
    ...(dataRoot === null ? {} : { dataRoot }),
    candidate: paths.live,
    notes: [...notes, ...now, ...(dryRun ? ['dry run: nothing was changed'] : [])],
  });
}
