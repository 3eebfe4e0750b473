/**
 * What a person wants written into the journal of a run: by this process, or, where another one works on the run, by
 * that one, which takes up a request within a second.
 */

import { holdRun, type HeldRun } from '../cutover/engine/heldRun.ts';
import type { RunPlaces } from '../cutover/engine/runPlaces.ts';
import { fileRequest, type RunRequest } from '../cutover/engine/runRequests.ts';
import type { LoadedRunbook } from '../cutover/readRunbook.ts';
import { runStepsOf } from '../cutover/runSteps.ts';
import type { JournalMembers } from '../journal/line.ts';
import { Failure } from '../outcome/failure.ts';
import type { ProjectPaths } from '../project/paths.ts';
import type { Environment } from '../run/environment.ts';

/** What is said of a request that was filed. */
export const TAKEN_UP = 'the process that works on the run takes it up within a second';

export interface RecordWork {
  readonly paths: ProjectPaths;
  readonly places: RunPlaces;
  readonly loaded: Pick<LoadedRunbook, 'runbook' | 'planHash' | 'name'>;
  /** The command that a person has typed. */
  readonly command: string;
  readonly who: string;
}

/** Returns what `write` gives, or null where the request was filed for another process. @throws Failure */
export function recordOrAsk<T>(
  { paths, places, loaded, command, who }: RecordWork,
  request: RunRequest,
  write: (held: HeldRun) => T,
  { pid, now }: Environment,
): T | null {
  const { runbook, planHash, name: path } = loaded;
  const steps = runStepsOf(runbook);
  const plan = { path, planHash };
  try {
    const held = holdRun({ paths, places, steps, plan, command, who, pid, now, redact: unchanged });
    try {
      return write(held);
    } finally {
      held.close();
    }
  } catch (error) {
    if (!(error instanceof Failure) || error.code !== 'BUSY') throw error;
    fileRequest(places, request, now().toISOString(), pid);
    return null;
  }
}

/** What a person types has its secrets taken out before it comes here. */
function unchanged(members: JournalMembers): JournalMembers {
  return members;
}
