/** The evidence of a run: its files for a bag, and the secrets that none of them may hold. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { assertContinues } from '../cutover/engine/heldRun.ts';
import { KEPT_RUNBOOK, keptRunbook } from '../cutover/engine/keptRunbook.ts';
import { storyOfRun } from '../cutover/engine/storyOfRun.ts';
import { placesOf, type RunPlaces } from '../cutover/engine/runPlaces.ts';
import { runEvidence, type RunEvidence } from '../cutover/evidence/runEvidence.ts';
import { runPayload, type RunFile } from '../cutover/evidence/runPayload.ts';
import type { LoadedRunbook } from '../cutover/readRunbook.ts';
import { statOf } from '../disk/noLinks.ts';
import { RUN_PART } from '../evidence/collect.ts';
import type { PayloadFile } from '../evidence/writeBag.ts';
import { parseJournal } from '../journal/line.ts';
import { counted } from '../outcome/counted.ts';
import { Failure } from '../outcome/failure.ts';
import { quoteName } from '../outcome/quoteName.ts';
import { cutoverPage } from '../report/html/cutoverPage.ts';
import type { ProjectPaths } from '../project/paths.ts';
import type { Secret } from '../redact/redactor.ts';
import { isLookedFor } from '../redact/secretForms.ts';
import type { Environment } from '../run/environment.ts';
import { sourcesOf } from './cutoverDocuments.ts';
import { secretsOf } from './cutoverSecrets.ts';

export interface CollectedRun {
  readonly evidence: RunEvidence;
  readonly files: readonly PayloadFile[];
  readonly secrets: readonly Secret[];
  readonly notes: readonly string[];
}

/** Lists the evidence of a run. @throws Failure USAGE if there is no such run; JOURNAL, MAPPING */
export async function collectRun(
  paths: ProjectPaths,
  run: string,
  { variables }: Environment,
): Promise<CollectedRun> {
  const places = runCalled(paths, run);
  const loaded = runbookIn(places);
  assertContinues(paths, places);
  const bytes = readFileSync(places.journal);
  const { length } = parseJournal(bytes, places.journal);
  const evidence = runEvidence(sourcesOf(places, loaded));
  const files = runPayload(places, loaded, evidence, bytes.subarray(0, length));
  const { known, missing } = secretsOf(loaded.runbook, variables);
  return {
    evidence,
    files: [...files.map(inBag), ...reportOf(evidence)],
    secrets: known,
    notes: [
      `run ${run}: ${evidence.record.state.status}`,
      ...searchNotes(known),
      ...missing.map((name) => `not searched for the secret of ${name}, which is not set here`),
    ],
  };
}

/** Says for which secrets all files are searched, and for which not. */
function searchNotes(secrets: readonly Secret[]): readonly string[] {
  const searched = secrets.filter(({ value }) => isLookedFor(value));
  const short = secrets.filter((secret) => !searched.includes(secret));
  return [
    ...(searched.length === 0
      ? []
      : [`searched for ${counted(searched.length, 'secret')}, found none`]),
    ...short.map(({ name }) => `not searched for the secret of ${name}, which is too short`),
  ];
}

/** Path of the report in the files of a run. */
export const REPORT_OF_RUN = 'report.html';

/** Makes the report of a run, of its journal and runbook alone; none of one that has not begun. */
export function reportOf({ run, runbook, lines, head }: RunEvidence): PayloadFile[] {
  const story = storyOfRun(run, runbook, { entries: lines, head });
  if (story === null) return [];
  const page = Buffer.concat([...cutoverPage(story)]);
  return [{ path: `${RUN_PART}/${REPORT_OF_RUN}`, from: page }];
}

function inBag({ path, from, sha256 }: RunFile): PayloadFile {
  const file = { path: `${RUN_PART}/${path}`, from };
  return sha256 === null ? file : { ...file, sha256 };
}

const RUN_NAME = /^[a-z][a-z0-9-]{0,127}-[1-9]\d{0,8}$/;

/** Returns the places of a run. @throws Failure USAGE if there is no such run */
export function runCalled(paths: ProjectPaths, run: string): RunPlaces {
  const places = placesOf(paths, run);
  if (RUN_NAME.test(run) && statOf(places.journal)?.isFile() === true) return places;
  throw new Failure('USAGE', {
    what: 'there is no such run of a cutover',
    where: `--run ${quoteName(run)}`,
    hint: 'name one as sealift cutover status shows it',
  });
}

function runbookIn(places: RunPlaces): LoadedRunbook {
  const loaded = keptRunbook(places, join(places.run, KEPT_RUNBOOK));
  if (loaded !== null) return loaded;
  throw new Failure('USAGE', {
    what: 'the run has not begun, so there is nothing to prove',
    where: places.run,
    hint: 'name another run',
  });
}
