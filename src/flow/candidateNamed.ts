/** The candidates that a command line may name: by folder, by seal id, or by what they are. */

import { existsSync, realpathSync } from 'node:fs';
import { resolve } from 'node:path';

import { Failure } from '../outcome/failure.ts';
import { readLivePointer } from '../promote/livePointer.ts';
import { candidateAt, currentCandidate } from '../seal/candidateStore.ts';
import { sealedNamed, sealedPath } from '../seal/sealedFolders.ts';
import { projectPaths } from './project.ts';

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
export function candidateNamed(name: string, project: string, here: string): string {
  const { live, candidates } = projectPaths(project);
  if (name === 'v1') return currentCandidate(candidates).real;
  if (name === 'live') return liveCandidate(live, candidates);
  const asked = SEAL_ID.exec(name)?.[1];
  if (asked === undefined) return realpathSync(candidateAt(resolve(here, name), CHECK_PATH));
  const [first = asked] = sealedNamed(candidates, asked, name);
  return candidateAt(sealedPath(candidates, first));
}

function liveCandidate(link: string, candidates: string): string {
  const name = existsSync(link) ? readLivePointer(link) : null;
  if (name !== null) return candidateAt(sealedPath(candidates, name));
  throw new Failure('CANDIDATE', {
    what: 'no candidate is live',
    where: link,
    hint: 'promote one with sealift promote, or name another',
  });
}
