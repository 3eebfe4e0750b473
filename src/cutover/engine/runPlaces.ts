/** Where the runs of cutovers are: `storage_cutovers/<runbook>-<number>`, with a journal and what they made. */

import { join } from 'node:path';

import { entriesOf, statOf } from '../../disk/noLinks.ts';
import { Failure } from '../../outcome/failure.ts';
import type { ProjectPaths } from '../../project/paths.ts';

export const JOURNAL_OF_RUN = 'journal.ndjson';

export interface RunPlaces {
  /** Name of the run, such as `wien-pilot-3`. */
  readonly run: string;
  readonly folder: string;
  readonly journal: string;
  /** What other terminals want of the run; see runRequests.ts. */
  readonly requests: string;
}

/** Returns the places of a run. */
export function placesOf({ cutovers }: ProjectPaths, run: string): RunPlaces {
  const folder = join(cutovers, run);
  return {
    run,
    folder,
    journal: join(folder, JOURNAL_OF_RUN),
    requests: join(folder, 'requests'),
  };
}

/** Returns the names of the runs of a runbook, the oldest first. */
export function runsOf({ cutovers }: ProjectPaths, runbook: string): readonly string[] {
  if (statOf(cutovers)?.isDirectory() !== true) return [];
  const numbers = entriesOf(cutovers).flatMap((entry) => {
    if (!entry.isDirectory() || !entry.name.startsWith(`${runbook}-`)) return [];
    const digits = entry.name.slice(runbook.length + 1);
    return /^[1-9]\d{0,8}$/.test(digits) ? [Number(digits)] : [];
  });
  return numbers.toSorted((one, other) => one - other).map((number) => `${runbook}-${number}`);
}

/** Returns the name of the run after all that there are. */
export function nextRun(paths: ProjectPaths, runbook: string): string {
  const last = runsOf(paths, runbook).at(-1) ?? `${runbook}-0`;
  return `${runbook}-${Number(last.slice(runbook.length + 1)) + 1}`;
}

/** Returns the name of a run that is given, or of the last one. @throws Failure USAGE if there is none */
export function runNamed(paths: ProjectPaths, runbook: string, run: string | null): string {
  const runs = runsOf(paths, runbook);
  const found = run === null ? runs.at(-1) : runs.find((name) => name === run);
  if (found !== undefined) return found;
  throw new Failure('USAGE', {
    what: run === null ? 'there is no run of this runbook yet' : 'there is no such run',
    where: run ?? runbook,
    hint:
      run === null
        ? 'begin one with sealift cutover run'
        : `leave --run out for the last one, ${runs.at(-1) ?? 'of which there is none yet'}`,
  });
}
