/** The candidates that a command line may name: by folder, by seal id, or by what they are. */

import { realpathSync } from 'node:fs';
import { resolve } from 'node:path';

import { Failure } from '../outcome/failure.ts';
import { readLivePointer } from './liveLink.ts';
import { candidateAt, currentCandidate } from '../seal/candidateStore.ts';
import { sealedNamed, sealedPath, CURRENT } from '../seal/sealedFolders.ts';
import { historyOf } from './origin.ts';
import { projectPaths, type ProjectPaths } from './paths.ts';

/** What is no path but a seal id, or the beginning of one. */
const SEAL_ID = /^(?:sealed\/)?([0-9a-f]{8,64}(?:\.\d+)?)$/;

/** The hint where somebody has named a folder. */
export const CHECK_PATH =
  'check the path, or name v1, live or a seal id; sealift status shows them';

/**
 * The real folder of `v1` (what was built last), of `live`, of a seal id of the project or its first
 * eight digits or more, of `sealed/<name>`, or of a folder, relative to `here`. Of several runs with
 * one seal id it is the first: their bytes are the same.
 * @throws Failure CANDIDATE where there is none, USAGE where there are several
 */
export function candidateNamed(name: string, project: string, cwd: string): string {
  const paths = projectPaths(project);
  const { candidates } = paths;
  if (name === CURRENT) return currentCandidate(candidates).real;
  if (meansLive(name, project, cwd)) return liveCandidate(paths);
  const asked = SEAL_ID.exec(name)?.[1];
  if (asked === undefined) return realpathSync(candidateAt(resolve(cwd, name), CHECK_PATH));
  const [first = asked] = sealedNamed(candidates, asked, name);
  return candidateAt(sealedPath(candidates, first));
}

/** Whether `live` or a path of the link is what somebody has named. */
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
    what: `the live link is gone, though the journal says that ${live} is live`,
    where: paths.live,
    hint: 'find out who removed it, then make a candidate live with sealift promote',
  });
}
