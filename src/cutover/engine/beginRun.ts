/** The beginning of a run: what it is bound to from its first line on, and who begins it. */

import { hash } from 'node:crypto';

import { statOf } from '../../disk/noLinks.ts';
import { Failure } from '../../outcome/failure.ts';
import { isSameName } from '../../run/personName.ts';
import { actionsOf, type Runbook } from '../runbook.ts';
import { textsOf } from '../steps/stepMembers.ts';
import type { Members } from '../steps/stepType.ts';
import { STEP_TYPES } from '../steps/stepTypes.ts';
import type { RunbookFiles } from '../world/world.ts';
import { completeMembers } from './completeMembers.ts';
import { readRun } from './heldRun.ts';
import { placesOf, runsOf, type RunPlaces } from './runPlaces.ts';
import type { ProjectPaths } from '../../project/paths.ts';

/** Most bytes of a file that a step reads. */
export const MAX_FILE: number = 64 * 1024 * 1024;

/**
 * Returns the SHA-256 of the files that steps of a runbook read, by path, ascending: an approval counts for
 * what they say, and a run does not go on with others. A file that is not there yet has none.
 */
export function filesRead(
  runbook: Runbook,
  files: RunbookFiles,
  input: (name: string) => string,
): Readonly<Record<string, string>> {
  const paths = [...runbook.steps.flatMap(actionsOf), ...runbook.monitor].flatMap((action) => {
    const type = STEP_TYPES[action.use];
    if (type.kind === 'gate') return [];
    const members = completeMembers(action, runbook, input);
    return (type.reads?.(members) ?? []).concat(scriptsIn(members, files));
  });
  const metrics = runbook.metrics.flatMap(({ sql }) => sql ?? []);
  const named = [...paths, ...metrics].flatMap((path) =>
    path.includes('*') ? files.matching(path) : [path],
  );
  const digests = [...new Set(named)].toSorted().flatMap((path) => {
    const bytes = files.read(path, MAX_FILE);
    return bytes === null ? [] : [[path, hash('sha256', bytes, 'hex')] as const];
  });
  return Object.fromEntries(digests);
}

/** Programs of the runbook's folder that run, such as `scripts/check.mjs`: what they say is bound, too. */
function scriptsIn(members: Members, files: RunbookFiles): readonly string[] {
  return textsOf(members, 'run').filter((argument, at) => {
    const isProgram = at === 0 ? argument.includes('/') : SCRIPT.test(argument);
    if (!isProgram || !INSIDE.test(argument) || argument.split('/').includes('..')) return false;
    return statOf(files.place(argument))?.isFile() === true;
  });
}

const SCRIPT = /\.(?:[cm]?[jt]s|py|rb|pl|sh|sql)$/;
const INSIDE = /^[\w.][\w./-]*$/;

/** @throws Failure USAGE naming the first file that is not as it was when the run began */
export function assertSameFiles(
  before: Readonly<Record<string, string>>,
  now: Readonly<Record<string, string>>,
): void {
  const changed = [...new Set([...Object.keys(before), ...Object.keys(now)])]
    .toSorted()
    .find((path) => before[path] !== now[path]);
  if (changed === undefined) return;
  throw new Failure('USAGE', {
    what: 'a file that the runbook names is not as it was when the run began',
    where: changed,
    hint: 'restore it, or abort this run and begin another one',
  });
}

/** @throws Failure USAGE if a person may not operate the runbook */
export function assertOperates({ roles, name }: Runbook, who: string): void {
  const operators = roles.get('operator');
  if (operators === undefined || operators.some((one) => isSameName(one, who))) return;
  throw new Failure('USAGE', {
    what: `${who} does not have the role operator`,
    where: name,
    hint: 'have one of them run it, or write the name there',
  });
}

/** @throws Failure USAGE if a person is named in no role of the runbook */
export function assertNamed({ roles, name }: Runbook, who: string): void {
  const people = [...roles.values()].flat();
  if (people.length === 0 || people.some((one) => isSameName(one, who))) return;
  throw new Failure('USAGE', {
    what: `${who} has no role in the runbook`,
    where: name,
    hint: 'have one of its people do it',
  });
}

/** @throws Failure USAGE if the last run of a runbook is not over */
export function assertNoOpenRun(paths: ProjectPaths, runbook: Runbook, path: string): void {
  const last = runsOf(paths, runbook.name).at(-1);
  if (last === undefined || !isOpen(placesOf(paths, last))) return;
  throw new Failure('USAGE', {
    what: `the run ${last} is not over`,
    where: path,
    hint: `go on with sealift cutover resume ${path}, or end it with sealift cutover abort ${path}`,
  });
}

/** Whether a run has begun and not ended, by its lines alone: its runbook may have changed since. */
function isOpen(places: RunPlaces): boolean {
  const events = readRun(places).entries.map(({ event }) => event);
  const begins = events.findLastIndex((event) => /^(?:run|rollback)-begun$/.test(event));
  const ends = events.findLastIndex((event) => event === 'run-ended' || event === 'aborted');
  return begins >= 0 && ends < begins;
}
