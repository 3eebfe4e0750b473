/** What the documents of a run are made of, as it is in the folder of the run; every path is confined to it. */

import { join } from 'node:path';

import type { RunSources } from '../cutover/evidence/runEvidence.ts';
import { readRun } from '../cutover/engine/heldRun.ts';
import type { RunPlaces } from '../cutover/engine/runPlaces.ts';
import type { LoadedRunbook } from '../cutover/readRunbook.ts';
import { MAX_APPROVAL } from '../journal/approval.ts';
import { approvalPath } from '../journal/approvalFile.ts';
import { readPlainFile } from '../seal/files.ts';

/** Most bytes of an output: those of programs have 2 MiB, and reports of steps a few more. */
const MAX_OUTPUT = 64 * 1024 * 1024;

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
    outputs: (name) => readPlainFile(join(places.folder, 'outputs', name), MAX_OUTPUT),
    approvals: (digest) => readPlainFile(join(places.folder, approvalPath(digest)), MAX_APPROVAL),
  };
}
