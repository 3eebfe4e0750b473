/** `git.clean`: the working tree has no changes, and is at the commit that was tested. */

import { TEXT, about } from '../schema/runbookParts.ts';
import { counted } from '../../outcome/counted.ts';
import { assertRepository, commitOf, gitOf, REPOSITORY, shortCommit, type Git } from './git.ts';
import { textOf } from './stepMembers.ts';
import type { DoneStep, StepResult } from './stepType.ts';

export const gitClean: DoneStep = {
  text: 'The working tree has no changes.',
  members: {
    ...REPOSITORY,
    commit: about(TEXT, 'Expected commit of HEAD; any if left out.'),
    untracked: about(
      { enum: ['fail', 'ignore'] },
      'Whether files that git does not know are ignored.',
    ),
  },
  kind: 'check',
  place: 'repository',
  plan: () => 'check that the working tree has no changes',
  async apply(work) {
    const git = gitOf(work);
    await assertRepository(git);
    const head = await commitOf(git, 'HEAD');
    if (head === null) return fail('there is no commit yet');
    const expected = textOf(work.members, 'commit');
    if (expected !== null && (await commitOf(git, expected)) !== head) {
      return fail(`HEAD is ${shortCommit(head)}, which is not the expected commit`);
    }
    const untracked = textOf(work.members, 'untracked') !== 'ignore';
    const changes = await changesIn(git, untracked);
    const failed = changes.changed + changes.untracked;
    if (failed === 0)
      return { verdict: 'PASS', says: `no changes at ${shortCommit(head)}`, results: { failed } };
    const parts = [
      ...(changes.changed > 0 ? [counted(changes.changed, 'changed file')] : []),
      ...(changes.untracked > 0 ? [counted(changes.untracked, 'untracked file')] : []),
    ];
    return { verdict: 'FAIL', says: parts.join(', '), results: { failed } };
  },
};

function fail(says: string): StepResult {
  return { verdict: 'FAIL', says, results: { failed: 1 } };
}

interface Changes {
  readonly changed: number;
  readonly untracked: number;
}

const QUESTION_MARK = 0x3f;

/** Counts what git lists: entries that end with a NUL; those of unknown files begin with `?`. */
async function changesIn(git: Git, untracked: boolean): Promise<Changes> {
  const counts = { changed: 0, untracked: 0 };
  let first: number | null = null;
  const onStdout = (bytes: Uint8Array): void => {
    for (const byte of bytes) {
      first ??= byte;
      if (byte !== 0) continue;
      counts[first === QUESTION_MARK ? 'untracked' : 'changed'] += 1;
      first = null;
    }
  };
  const files = `--untracked-files=${untracked ? 'all' : 'no'}`;
  const args = [
    'status',
    '--porcelain=v1',
    '-z',
    '--no-renames',
    '--ignore-submodules=none',
    files,
  ];
  await git(args, { onStdout });
  return counts;
}
