/**
 * `git.commit`: exactly the named files are committed, and pushed; as a way back, such a commit is reverted.
 * The message names the run and the step, so that no commit is made twice. Hooks of the repository run.
 */

import { NAME, TEXT, TEXTS, about } from '../schema/runbookParts.ts';
import { counted } from '../../outcome/counted.ts';
import { Failure } from '../../outcome/failure.ts';
import {
  assertRepository,
  commitOf,
  gitOf,
  push,
  PUSHED,
  remoteCommit,
  shortCommit,
  trailerOf,
  type Git,
} from './git.ts';
import { requiredText, textOf, textsOf } from './stepMembers.ts';
import type { DoneStep, Presence, StepResult, StepWork } from './stepType.ts';

export const gitCommit: DoneStep = {
  text: 'Files are committed.',
  members: {
    ...PUSHED,
    files: about(TEXTS, 'Paths.'),
    message: about(TEXT, 'Message.'),
    revert: about(NAME, 'Step whose commit is reverted instead, as a way back.'),
  },
  required: ['files', 'message'],
  kind: 'change',
  place: 'repository',
  verifiesItself: true,
  resumes: true,
  plan(members) {
    const remote = textOf(members, 'push');
    const also = remote === null ? '' : `, and push to ${remote}`;
    const reverted = textOf(members, 'revert');
    if (reverted !== null) return `revert the commit of ${reverted}${also}`;
    return `commit ${counted(textsOf(members, 'files').length, 'file')}${also}`;
  },
  async apply(work) {
    const git = await repositoryOf(work);
    const done =
      textOf(work.members, 'revert') === null ? await commit(git, work) : await revert(git, work);
    const remote = textOf(work.members, 'push');
    if (done.verdict === 'PASS' && remote !== null)
      await push(git, remote, `HEAD:${await branchOf(git)}`);
    return done;
  },
  async dryRun(work) {
    const git = await repositoryOf(work);
    if (textOf(work.members, 'push') !== null) await branchOf(git);
    return { verdict: 'PASS', says: 'the repository takes commits' };
  },
  async verify(work) {
    const there = await presenceOf(await repositoryOf(work), work);
    if (there === 'there') return { verdict: 'PASS', says: 'the files are as committed' };
    return { verdict: 'FAIL', says: 'the files are not as committed, or it is not pushed' };
  },
  async probe(work) {
    return presenceOf(await repositoryOf(work), work);
  },
};

async function repositoryOf(work: StepWork): Promise<Git> {
  const git = gitOf(work);
  await assertRepository(git);
  return git;
}

/** Returns the reference of the current branch. */
async function branchOf(git: Git): Promise<string> {
  const { code, stdout } = await git(['symbolic-ref', '--quiet', 'HEAD'], { codes: [0, 1] });
  if (code === 0) return stdout.trim();
  const what = 'HEAD is on no branch, so that nothing can be pushed';
  throw new Failure('USAGE', { what, hint: 'check out the branch' });
}

/** Returns the newest commit in the history of HEAD with such a line in its message; null for none. */
async function commitWith(git: Git, line: string, range: string = 'HEAD'): Promise<string | null> {
  const { stdout } = await git(['log', '-n', '1', '--format=%H', `--grep=^${line}`, range, '--']);
  return stdout.trim() === '' ? null : stdout.trim();
}

async function differs(git: Git, work: StepWork, ...options: readonly string[]): Promise<boolean> {
  const args = ['diff', '--quiet', ...options, 'HEAD', '--', ...textsOf(work.members, 'files')];
  return (await git(args, { codes: [0, 1] })).code === 1;
}

function fail(says: string): StepResult {
  return { verdict: 'FAIL', says, results: { failed: 1 } };
}

async function commit(git: Git, work: StepWork): Promise<StepResult> {
  const line = `${trailerOf(work)}$`;
  const before = await commitWith(git, line);
  if (before !== null) return made(before, 0);
  const files = textsOf(work.members, 'files');
  const added = await git(['add', '--all', '--', ...files], { codes: [0, 1, 128] });
  if (added.code !== 0) return fail('a file is not there, or is ignored by the repository');
  if (!(await differs(git, work, '--cached'))) {
    return {
      verdict: 'PASS',
      says: 'nothing to commit, as HEAD has the files so',
      results: { applied: 0 },
    };
  }
  const message = `${requiredText(work.members, 'message').trim()}\n\n${trailerOf(work)}\n`;
  const args = ['commit', '--quiet', '--only', '-F', '-', '--', ...files];
  const { code } = await git(args, { codes: [0, 1, 128], input: Buffer.from(message) });
  const after = await commitWith(git, line);
  return after === null ? fail(`git commit ended with exit code ${String(code)}`) : made(after, 1);
}

function made(commit: string, applied: number): StepResult {
  const says = `committed as ${shortCommit(commit)}`;
  return { verdict: 'PASS', says, results: { applied }, kept: { commit } };
}

/** Returns the commit that a step of this run has made; null for none. */
function toRevert(git: Git, work: StepWork): Promise<string | null> {
  return commitWith(git, `${trailerOf(work, requiredText(work.members, 'revert'))}$`);
}

function revertOf(git: Git, commit: string): Promise<string | null> {
  return commitWith(git, `This reverts commit ${commit}`, `${commit}..HEAD`);
}

async function revert(git: Git, work: StepWork): Promise<StepResult> {
  const target = await toRevert(git, work);
  if (target === null) {
    return { verdict: 'PASS', says: 'the step has committed nothing', results: { applied: 0 } };
  }
  const before = await revertOf(git, target);
  if (before !== null) return made(before, 0);
  const { code } = await git(['revert', '--no-edit', target], { codes: [0, 1, 128] });
  const after = await revertOf(git, target);
  if (after !== null) return made(after, 1);
  if (await isReverting(git)) await git(['revert', '--abort']);
  return fail(
    `the commit is not reverted, as later changes are in its way (exit code ${String(code)})`,
  );
}

async function isReverting(git: Git): Promise<boolean> {
  return (await commitOf(git, 'REVERT_HEAD')) !== null;
}

/** Whether the effect is there; a commit that is not pushed yet has begun. */
async function presenceOf(git: Git, work: StepWork): Promise<Presence> {
  if (await isReverting(git)) return 'unclear';
  const reverts = textOf(work.members, 'revert') !== null;
  const target = reverts ? await toRevert(git, work) : null;
  const found = reverts
    ? target === null
      ? await commitOf(git, 'HEAD')
      : await revertOf(git, target)
    : await commitWith(git, `${trailerOf(work)}$`);
  if (found === null) {
    const isChanged = await differs(git, work);
    // A commit that there is no need for counts as made; a revert that was cut off leaves changes.
    if (reverts) return isChanged ? 'unclear' : 'absent';
    if (isChanged || (await hasUnknown(git, work))) return 'absent';
  }
  const remote = textOf(work.members, 'push');
  if (remote === null) return 'there';
  const pushed = await remoteCommit(git, remote, await branchOf(git));
  return pushed !== null && (await contains(git, pushed, found ?? 'HEAD')) ? 'there' : 'begun';
}

/** Whether git does not know some of the files yet. */
async function hasUnknown(git: Git, work: StepWork): Promise<boolean> {
  const args = ['ls-files', '--error-unmatch', '--', ...textsOf(work.members, 'files')];
  return (await git(args, { codes: [0, 1] })).code === 1;
}

/** Whether a commit, which may not be known here, has another in its history. */
async function contains(git: Git, later: string, commit: string): Promise<boolean> {
  if ((await commitOf(git, later)) === null) return false;
  return (await git(['merge-base', '--is-ancestor', commit, later], { codes: [0, 1] })).code === 0;
}
