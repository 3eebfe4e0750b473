/** Finds candidates that a command line names by folder, by seal id, or as `v1` or `live`. */

import { realpathSync } from 'node:fs';
import { resolve } from 'node:path';

import { Failure } from '../outcome/failure.ts';
import { readLivePointer } from './liveLink.ts';
import { candidateAt, currentCandidate } from '../seal/candidateStore.ts';
import { sealedNamed, sealedPath, CURRENT } from '../seal/sealedFolders.ts';
import { historyOf } from './origin.ts';
import { projectPaths, type ProjectPaths } from './paths.ts';

/** A seal id, or the beginning of one, rather than a path. */
const SEAL_ID = /^(?:sealed\/)?([0-9a-f]{8,64}(?:\.\d+)?)$/;

/** Hint for a path at which there is no candidate. */
export const CHECK_PATH =
  'check the path, or name v1, live or a seal id; sealift status shows them';

/**
 * Returns the real folder of `v1` (the last one built), `live`, a seal id of the project or at
 * least its first eight digits, `sealed/<name>`, or a folder relative to `here`. Several runs with
 * one seal id have the same bytes; the first is returned.
 * @throws Failure CANDIDATE if there is none, USAGE if several seal ids match
 */
export function candidateNamed(name: string, project: string, cwd: string): string {
  const paths = projectPaths(project);
  const { candidates } = paths;
  if (name === CURRENT) return currentCandidate(candidates).real;
  if (meansLive(name, project, cwd)) return liveCandidate(paths);
  const sealId = SEAL_ID.exec(name)?.[1];
  if (sealId === undefined) return realpathSync(candidateAt(resolve(cwd, name), CHECK_PATH));
  const [first = sealId] = sealedNamed(candidates, sealId, name);
  return candidateAt(sealedPath(candidates, first));
}

/** Whether `name` is `live` or a path of the live link. */
export function meansLive(name: string, project: string, cwd: string): boolean {
  return name === 'live' || resolve(cwd, name) === projectPaths(project).live;
}

function liveCandidate(paths: ProjectPaths): string {
  const name = readLivePointer(paths.live);
  if (name !== null) return candidateAt(sealedPath(paths.candidates, name));
  const { live } = historyOf(paths);
  if (live === null) {
    throw new Failure('CANDIDATE', {
      what: 'no candidate is live',
      where: paths.live,
      hint: 'promote one with sealift promote, or name another',
    });
  }
  throw new Failure('CANDIDATE', {
    what: `the live link is missing, but the journal says that ${live} is live`,
    where: paths.live,
    hint: 'find out who removed it, then make a candidate live with sealift promote',
  });
}
