/** What the documents of a run are made of, as it is in the folder of the run. */

import { readRunFiles } from '../cutover/evidence/readRunFiles.ts';
import type { RunSources } from '../cutover/evidence/runEvidence.ts';
import { readRun } from '../cutover/engine/heldRun.ts';
import type { RunPlaces } from '../cutover/engine/runPlaces.ts';
import type { LoadedRunbook } from '../cutover/readRunbook.ts';

/** Returns the sources of the documents of a run. @throws Failure JOURNAL */
export function sourcesOf(
  places: RunPlaces,
  { runbook, planHash }: Pick<LoadedRunbook, 'runbook' | 'planHash'>,
): RunSources {
  return {
    run: places.run,
    runbook,
    planHash,
    lines: readRun(places).entries,
    where: places.journal,
    ...readRunFiles(places.folder),
  };
}
