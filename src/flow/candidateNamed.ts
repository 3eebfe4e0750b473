/** The candidates that a command line may name: by folder, by seal id, or by what they are. */

import { existsSync, readdirSync, realpathSync } from 'node:fs';
import { join, resolve } from 'node:path';

import { Failure } from '../outcome/failure.ts';
import { candidateAt } from '../seal/candidateStore.ts';
import { projectPaths } from './project.ts';

/** Digits of a seal id that are enough where no other candidate's begins with them. */
const PREFIX = /^[0-9a-f]{8,64}(\.\d+)?$/;

/**
 * The real folder of `v1` (what was built last), of `live`, of a seal id of the project or its first
 * eight digits or more, of `sealed/<name>`, or of a folder, relative to `here`.
 * @throws Failure CANDIDATE where there is none, USAGE where there are several
 */
export function candidateNamed(name: string, project: string, here: string): string {
  const { live, candidates } = projectPaths(project);
  if (name === 'v1') return realpathSync(candidateAt(join(candidates, 'v1')));
  if (name === 'live') return liveCandidate(live);
  const sealed = join(candidates, 'sealed');
  const short = name.replace(/^sealed\//, '');
  if (!PREFIX.test(short)) return realpathSync(candidateAt(resolve(here, name)));
  const names = foldersOf(sealed).filter((folder) => folder.startsWith(short));
  if (names.length > 1 && !names.includes(short)) throw ambiguous(name, names.length);
  const [only = short] = names;
  return realpathSync(candidateAt(join(sealed, names.includes(short) ? short : only)));
}

function liveCandidate(link: string): string {
  if (existsSync(link)) return realpathSync(candidateAt(link));
  throw new Failure('CANDIDATE', {
    what: 'no candidate is live',
    where: link,
    hint: 'promote one with sealift promote, or name another',
  });
}

function ambiguous(name: string, count: number): Failure {
  return new Failure('USAGE', {
    what: `${count} candidates have a seal id that begins like this`,
    where: name,
    hint: 'give more of its digits',
  });
}

function foldersOf(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}
