/**
 * `git.tag`: an annotated tag on the commit that was tested. A tag that is there already has to name that
 * commit. Its message names the run and the step, so that after a crash it is known whose it is.
 */

import { TEXT, about } from '../schema/runbookParts.ts';
import { quoteName } from '../../outcome/quoteName.ts';
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
import { requiredText, textOf } from './stepMembers.ts';
import type { DoneStep, Presence, StepResult, StepWork } from './stepType.ts';

export const gitTag: DoneStep = {
  text: 'A tag is set, or names the commit that was tested.',
  members: {
    ...PUSHED,
    tag: about(TEXT, 'Name of the tag.'),
    commit: about(TEXT, 'The commit; HEAD if left out.'),
    message: about(TEXT, 'Message; the name of the tag if left out.'),
    delete: about({ type: 'boolean' }, 'true: the tag is removed, as a way back.'),
  },
  required: ['tag'],
  kind: 'artifact',
  place: 'repository',
  verifiesItself: true,
  resumes: true,
  plan(members) {
    const tag = quoteName(requiredText(members, 'tag'));
    const remote = textOf(members, 'push');
    const also = remote === null ? '' : `, also at ${remote}`;
    if (members['delete'] === true) return `delete the tag ${tag}${also}`;
    return `tag ${textOf(members, 'commit') ?? 'HEAD'} as ${tag}${also}`;
  },
  async apply(work) {
    const git = await repositoryOf(work);
    return work.members['delete'] === true ? remove(git, work) : set(git, work);
  },
  async dryRun(work) {
    const git = await repositoryOf(work);
    const seen = await look(git, work);
    if (work.members['delete'] === true) return { verdict: 'PASS', says: 'the tag can be deleted' };
    return faultOf(seen) ?? { verdict: 'PASS', says: `it would be at ${shortCommit(seen.commit)}` };
  },
  async verify(work) {
    const git = await repositoryOf(work);
    const there = await presenceOf(git, work);
    const expected =
      work.members['delete'] === true ? 'the tag is gone' : 'the tag is at its commit';
    if (there === 'there') return { verdict: 'PASS', says: expected };
    return { verdict: 'FAIL', says: `it does not hold that ${expected}` };
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

interface Seen {
  readonly reference: string;
  /** The commit that is wanted; '' if there is none. */
  readonly commit: string;
  /** That of the tag; null without a tag. */
  readonly tagged: string | null;
  readonly isName: boolean;
}

async function look(git: Git, { members, kept, id }: StepWork): Promise<Seen> {
  const reference = `refs/tags/${requiredText(members, 'tag')}`;
  const { code } = await git(['check-ref-format', reference], { codes: [0, 1] });
  const made = kept(id)['commit'];
  // What the step has tagged stays the same when HEAD moves on.
  const wanted = typeof made === 'string' ? made : (textOf(members, 'commit') ?? 'HEAD');
  return {
    reference,
    commit: (await commitOf(git, wanted)) ?? '',
    tagged: code === 0 ? await commitOf(git, reference) : null,
    isName: code === 0,
  };
}

function fail(says: string): StepResult {
  return { verdict: 'FAIL', says, results: { failed: 1 } };
}

function faultOf({ isName, commit, tagged }: Seen): StepResult | null {
  if (!isName) return fail('this is no name of a tag');
  if (commit === '') return fail('there is no such commit');
  if (tagged === null || tagged === commit) return null;
  return fail(`the tag is there already, at another commit (${shortCommit(tagged)})`);
}

async function set(git: Git, work: StepWork): Promise<StepResult> {
  const { members } = work;
  const seen = await look(git, work);
  const fault = faultOf(seen);
  if (fault !== null) return fault;
  const { reference, commit, tagged } = seen;
  const tag = requiredText(members, 'tag');
  if (tagged === null) {
    const message = `${textOf(members, 'message') ?? tag}\n\n${trailerOf(work)}\n`;
    await git(['tag', '-a', '-F', '-', '--', tag, commit], { input: Buffer.from(message) });
  }
  const remote = textOf(members, 'push');
  if (remote !== null) await push(git, remote, `${reference}:${reference}`);
  const says = `${quoteName(tag)} is at ${shortCommit(commit)}`;
  return { verdict: 'PASS', says, results: { applied: tagged === null ? 1 : 0 }, kept: { commit } };
}

/** Removes the tag that the step has set; one at another commit stays. */
async function remove(git: Git, work: StepWork): Promise<StepResult> {
  const { reference, commit, tagged } = await look(git, work);
  const tag = requiredText(work.members, 'tag');
  if (tagged !== null && tagged !== commit) {
    return { verdict: 'FAIL', says: `the tag is at another commit (${shortCommit(tagged)})` };
  }
  if (tagged !== null) await git(['tag', '-d', '--', tag]);
  const remote = textOf(work.members, 'push');
  if (remote !== null && (await remoteCommit(git, remote, reference)) !== null) {
    await push(git, remote, `:${reference}`);
  }
  const applied = tagged === null ? 0 : 1;
  return { verdict: 'PASS', says: `there is no tag ${quoteName(tag)}`, results: { applied } };
}

/** Whether the effect is there; a tag that is not pushed yet has begun. */
async function presenceOf(git: Git, work: StepWork): Promise<Presence> {
  const { reference, commit, tagged } = await look(git, work);
  const remote = textOf(work.members, 'push');
  const pushed = remote === null ? null : await remoteCommit(git, remote, reference);
  if (work.members['delete'] === true) {
    if (tagged === null && pushed === null) return 'there';
    if (tagged === null) return 'begun';
    return tagged === commit ? 'absent' : 'unclear';
  }
  if (tagged === null) return pushed === null ? 'absent' : 'unclear';
  const isOurs = textOf(work.members, 'commit') === null && (await isOf(git, reference, work));
  if (tagged !== commit && !isOurs) return 'unclear';
  if (remote === null || pushed === tagged) return 'there';
  return pushed === null && tagged === commit ? 'begun' : 'unclear';
}

/** Whether the message of a tag names the run and the step. */
async function isOf(git: Git, reference: string, work: StepWork): Promise<boolean> {
  const { stdout } = await git(['for-each-ref', '--format=%(contents)', reference]);
  return stdout.split('\n').includes(trailerOf(work));
}
