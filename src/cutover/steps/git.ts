/**
 * The program git, as the types of steps call it: in the repository that the runbook is in, without prompts,
 * pagers, patterns in paths, and the settings of the machine. The repository is the user's own: its hooks and
 * its settings are in force.
 */

import { Failure } from '../../outcome/failure.ts';
import { quoteName } from '../../outcome/quoteName.ts';
import { ENVIRONMENT, TEXT, about, type Schema } from '../schema/runbookParts.ts';
import type { ProgramEnd } from '../world/world.ts';
import { textOf, textsOf } from './stepMembers.ts';
import type { StepWork } from './stepType.ts';

/** Members that say which repository it is. */
export const REPOSITORY: Readonly<Record<string, Schema>> = {
  in: about(TEXT, 'Folder in the repository, from that of the runbook; that one if left out.'),
};

/** Members for what is pushed. */
export const PUSHED: Readonly<Record<string, Schema>> = {
  ...REPOSITORY,
  push: {
    description: 'Name of the remote that gets it, such as origin; none if left out.',
    title: 'the name of a remote',
    type: 'string',
    pattern: '^[A-Za-z0-9][\\w.\\-]{0,127}$',
  },
  env: about(ENVIRONMENT, 'Variables that git gets, such as SSH_AUTH_SOCK for a push.'),
};

export interface GitOptions {
  /** Exit codes that are an answer; 0 alone if left out. */
  readonly codes?: readonly number[];
  readonly input?: Uint8Array;
  readonly onStdout?: (bytes: Uint8Array) => void;
}

/** Runs git with these arguments. @throws Failure for any other exit code */
export type Git = (args: readonly string[], options?: GitOptions) => Promise<ProgramEnd>;

const OPTIONS = ['--no-pager', '--literal-pathspecs', '-c', 'core.fsmonitor=false'];
const SETTINGS = {
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_TERMINAL_PROMPT: '0',
  GIT_OPTIONAL_LOCKS: '0',
  GIT_EDITOR: ':',
  LC_ALL: 'C',
};

export function gitOf({ id, members, world, signal }: StepWork): Git {
  const folder = world.files.place(textOf(members, 'in') ?? '.');
  return async (args, { codes = [0], ...options } = {}) => {
    const argv = ['git', '-C', folder, ...OPTIONS, ...args];
    const env = textsOf(members, 'env');
    const call = { argv, env, secretEnv: SETTINGS, signal, ...options };
    const end = await world.run({ ...call, keepAs: KEPT.has(args[0] ?? '') ? id : null });
    if (end.code !== null && codes.includes(end.code) && !isLocked(end)) return end;
    throw failureOf(args[0] ?? '', end);
  };
}

function isLocked({ code, stderr }: Pick<ProgramEnd, 'code' | 'stderr'>): boolean {
  return code === 128 && stderr.includes(".lock': File exists");
}

/** Commands whose output is kept: those that change something. */
const KEPT: ReadonlySet<string> = new Set(['add', 'commit', 'push', 'revert', 'tag']);

function failureOf(command: string, { code, endedBy, stderr }: ProgramEnd): Failure {
  if (stderr.includes('not a git repository')) {
    const hint = 'name a folder of it with "in"';
    return new Failure('USAGE', { what: 'the folder is in no repository of git', hint });
  }
  if (stderr.includes('dubious ownership')) {
    const what = 'git does not trust the repository, as another user owns it';
    return new Failure('USAGE', { what, hint: 'run as its owner, or set safe.directory' });
  }
  if (isLocked({ code, stderr })) {
    const what = 'another git works in the repository, or one was killed there';
    return new Failure('BUSY', { what, hint: 'wait for it, or remove its lock' });
  }
  const remote = command === 'push' || command === 'ls-remote';
  return new Failure(remote ? 'TARGET' : 'UNSUPPORTED', {
    what: `git ${command} ended with ${code === null ? String(endedBy) : `exit code ${code}`}`,
    hint: 'try it by hand in the repository',
  });
}

/** Returns the commit that a name stands for; null if there is none. */
export async function commitOf(git: Git, name: string): Promise<string | null> {
  const args = ['rev-parse', '--verify', '--quiet', '--end-of-options', `${name}^{commit}`];
  const { code, stdout } = await git(args, { codes: [0, 1, 128] });
  const commit = stdout.trim();
  return code === 0 && /^[0-9a-f]{40,64}$/.test(commit) ? commit : null;
}

/** Fails if there is no repository: other commands answer with the same exit code for much else. */
export async function assertRepository(git: Git): Promise<void> {
  await git(['rev-parse', '--git-dir']);
}

/** Line of a message that tells which step of which run has made a commit or a tag. */
export function trailerOf({ world, id }: StepWork, step: string = id): string {
  return `Sealift-Run: ${world.runId}/${step}`;
}

/** A commit for people. */
export function shortCommit(commit: string): string {
  return commit.slice(0, 12);
}

/** Pushes one reference. @throws Failure TARGET if the remote refuses, or does not answer */
export async function push(git: Git, remote: string, reference: string): Promise<void> {
  const { code } = await git(['push', '--porcelain', '--', remote, reference], { codes: [0, 1] });
  if (code === 0) return;
  throw new Failure('TARGET', {
    what: 'the remote refuses what is pushed',
    where: quoteName(remote),
    hint: 'compare it with the remote, and resume',
  });
}

/** Returns the commit of a reference of a remote; of a tag, that which it names; null if there is none. */
export async function remoteCommit(
  git: Git,
  remote: string,
  reference: string,
): Promise<string | null> {
  const { stdout } = await git(['ls-remote', '--', remote, reference, `${reference}^{}`]);
  const lines = stdout.split('\n').map((line) => line.split('\t'));
  const of = (name: string): string | undefined => lines.find((line) => line[1] === name)?.[0];
  return of(`${reference}^{}`) ?? of(reference) ?? null;
}
