/** `git.clean`, `git.tag` and `git.commit`, in real repositories with a real remote. */

import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { gitClean } from '../../../src/cutover/steps/gitClean.ts';
import { gitCommit } from '../../../src/cutover/steps/gitCommit.ts';
import { gitTag } from '../../../src/cutover/steps/gitTag.ts';
import type { DoneStep, Members } from '../../../src/cutover/steps/stepType.ts';
import type { World } from '../../../src/cutover/world/world.ts';
import { localWorld } from '../world/localWorld.ts';
import { line, workOf, type WorkOptions } from './localStep.ts';

const { world, folder, run, remove } = localWorld();
const remote = join(run, '..', 'remote.git');

function git(...args: readonly string[]): string {
  const env = { ...process.env, GIT_CONFIG_NOSYSTEM: '1', HOME: folder };
  return execFileSync('git', ['-C', folder, ...args], {
    encoding: 'utf8',
    env,
    stdio: 'pipe',
  }).trim();
}

beforeAll(() => {
  execFileSync('git', ['init', '--quiet', '--bare', remote]);
  git('init', '--quiet', '--initial-branch=main');
  git('config', 'user.name', 'Ada');
  git('config', 'user.email', 'ada@example.org');
  git('remote', 'add', 'origin', remote);
  put('a.txt', 'one');
  git('add', 'a.txt');
  git('commit', '--quiet', '-m', 'one');
  git('push', '--quiet', 'origin', 'main');
});
afterAll(remove);

function put(name: string, text: string): void {
  writeFileSync(join(folder, name), text);
}

function hook(name: string, script: string): () => void {
  const path = join(folder, '.git/hooks', name);
  writeFileSync(path, `#!/bin/sh\n${script}\n`);
  chmodSync(path, 0o755);
  return () => rmSync(path);
}

const apply = (type: DoneStep, members: Members, options: WorkOptions = {}): Promise<string> =>
  line(type.apply(workOf(type, members, world, options)));
const verify = (type: DoneStep, members: Members, options: WorkOptions = {}): Promise<string> =>
  line(type.verify!(workOf(type, members, world, options)));
const probe = (type: DoneStep, members: Members, options: WorkOptions = {}): Promise<string> =>
  type.probe!(workOf(type, members, world, options));
const dryRun = (type: DoneStep, members: Members): Promise<string> =>
  line(type.dryRun!(workOf(type, members, world)));

/** A world in which the process dies before or after a command of git. */
function dyingAt(command: string, when: 'before' | 'after'): World {
  return {
    ...world,
    run: async (call) => {
      const isIt = call.argv.includes(command);
      if (isIt && when === 'before') throw new Error('killed');
      const end = await world.run(call);
      if (isIt) throw new Error('killed');
      return end;
    },
  };
}

const head = (): string => git('rev-parse', 'HEAD');

describe('git.clean', () => {
  it('passes where nothing has changed, at the commit that is expected', async () => {
    expect(await apply(gitClean, {})).toBe(`PASS no changes at ${head().slice(0, 12)}`);
    expect(await apply(gitClean, { commit: head() })).toMatch(/^PASS/);
    expect(await apply(gitClean, { commit: head().slice(0, 8) })).toMatch(/^PASS/);
  });

  it('fails at another commit, or one that is not there', async () => {
    const says = `FAIL HEAD is ${head().slice(0, 12)}, which is not the expected commit`;
    expect(await apply(gitClean, { commit: '0'.repeat(40) })).toBe(says);
    expect(await apply(gitClean, { commit: '--all' })).toBe(says);
  });

  it('fails with changes and unknown files, which it counts', async () => {
    put('a.txt', 'changed');
    put('new 1', '');
    put('new\n2', '');
    expect(await apply(gitClean, {})).toBe('FAIL 1 changed file, 2 untracked files');
    expect(await apply(gitClean, { untracked: 'ignore' })).toBe('FAIL 1 changed file');
    git('checkout', '--quiet', 'a.txt');
    expect(await apply(gitClean, {})).toBe('FAIL 2 untracked files');
    expect(await apply(gitClean, { untracked: 'ignore' })).toMatch(/^PASS/);
    git('clean', '-fdq');
  });

  it('counts more files than an output holds', async () => {
    for (let at = 0; at < 1500; at += 1) put(`${'x'.repeat(100)}${at}`, '');
    expect(await apply(gitClean, {})).toBe('FAIL 1500 untracked files');
    git('clean', '-fdq');
  });

  it('does not judge without a repository', async () => {
    const other = localWorld();
    expect(await line(gitClean.apply(workOf(gitClean, {}, other.world)))).toBe(
      'USAGE the folder is in no repository of git: name a folder of it with "in"',
    );
    other.remove();
    expect(await apply(gitClean, { in: '..' })).toContain(
      'has to stay in the folder of the runbook',
    );
  });

  it('runs no monitor that the repository has set', async () => {
    git('config', 'core.fsmonitor', 'touch monitored; false');
    expect(await apply(gitClean, {})).toMatch(/^PASS/);
    expect(existsSync(join(folder, 'monitored'))).toBe(false);
    git('config', '--unset', 'core.fsmonitor');
  });
});

describe('git.tag', () => {
  it('tags HEAD, which a dry run does not', async () => {
    const head = git('rev-parse', 'HEAD');
    expect(await dryRun(gitTag, { tag: 'v1' })).toBe(`PASS it would be at ${head.slice(0, 12)}`);
    expect(await probe(gitTag, { tag: 'v1' })).toBe('absent');
    expect(await verify(gitTag, { tag: 'v1' })).toMatch(/^FAIL/);
    expect(await apply(gitTag, { tag: 'v1', message: 'The first' })).toBe(
      `PASS "v1" is at ${head.slice(0, 12)}`,
    );
    expect(git('cat-file', '-t', 'v1')).toBe('tag');
    expect(git('tag', '-l', '--format=%(contents)', 'v1')).toBe(
      'The first\n\nSealift-Run: test-1/a',
    );
    expect(await verify(gitTag, { tag: 'v1' })).toBe('PASS the tag is at its commit');
    expect(await probe(gitTag, { tag: 'v1' })).toBe('there');
  });

  it('that is there already is left at its commit, and refused at another', async () => {
    put('a.txt', 'two');
    git('commit', '--quiet', '-am', 'two');
    const result = await gitTag.apply(workOf(gitTag, { tag: 'v1', commit: 'HEAD^' }, world));
    expect(result).toMatchObject({ verdict: 'PASS', results: { applied: 0 } });
    expect(await apply(gitTag, { tag: 'v1' })).toMatch(
      /^FAIL the tag is there already, at another commit/,
    );
    expect(await dryRun(gitTag, { tag: 'v1' })).toMatch(/^FAIL the tag is there already/);
  });

  it('of the step itself is there, wherever HEAD is by now', async () => {
    expect(await probe(gitTag, { tag: 'v1' })).toBe('there');
    const other = workOf(gitTag, { tag: 'v1' }, { ...world, runId: 'test-2' });
    expect(await gitTag.probe!(other)).toBe('unclear');
    expect(await probe(gitTag, { tag: 'v1', commit: 'HEAD' })).toBe('unclear');
  });

  it.each([
    [{ tag: 'a b' }, 'FAIL this is no name of a tag'],
    [{ tag: 'v2', commit: 'none' }, 'FAIL there is no such commit'],
  ])('is refused as %j', async (members, says) => {
    expect(await apply(gitTag, members)).toBe(says);
  });

  it('is pushed, and after a crash before that is pushed then', async () => {
    const members = { tag: 'v3', push: 'origin' };
    const dying = gitTag.apply(workOf(gitTag, members, dyingAt('push', 'before')));
    await expect(dying).rejects.toThrow('killed');
    expect(await verify(gitTag, members)).toMatch(/^FAIL/);
    expect(await probe(gitTag, members)).toBe('begun');
    expect(await apply(gitTag, members)).toMatch(/^PASS/);
    expect(await probe(gitTag, members)).toBe('there');
    expect(git('ls-remote', 'origin', 'refs/tags/v3')).not.toBe('');
  });

  it('cannot be pushed to a remote that is not there', async () => {
    expect(await apply(gitTag, { tag: 'v4', push: 'none' })).toMatch(
      /^TARGET git push ended with exit code 128/,
    );
  });

  it('is deleted again, here and there, but not at another commit', async () => {
    const kept = { a: { commit: git('rev-parse', 'v3^{commit}') } };
    const members = { tag: 'v3', push: 'origin', delete: true };
    expect(await probe(gitTag, members, { kept })).toBe('absent');
    expect(
      await apply(gitTag, members, { kept: { a: { commit: git('rev-parse', 'HEAD^') } } }),
    ).toMatch(/^FAIL the tag is at another commit/);
    expect(await apply(gitTag, members, { kept })).toBe('PASS there is no tag "v3"');
    expect(await apply(gitTag, members, { kept })).toBe('PASS there is no tag "v3"');
    expect(git('ls-remote', 'origin', 'refs/tags/v3')).toBe('');
    expect(await probe(gitTag, members, { kept })).toBe('there');
  });
});

const count = (): number => Number(git('rev-list', '--count', 'HEAD'));

describe('git.commit', () => {
  const members = { files: ['state.json'], message: 'Note what is deployed' };

  it('commits its files and no others, once', async () => {
    put('state.json', '1');
    put('other', 'not mine');
    git('add', 'other');
    const before = count();
    expect(await dryRun(gitCommit, members)).toMatch(/^PASS/);
    expect(await probe(gitCommit, members)).toBe('absent');
    expect(count()).toBe(before);
    const result = await gitCommit.apply(workOf(gitCommit, members, world));
    expect(result).toMatchObject({ verdict: 'PASS', results: { applied: 1 } });
    expect(result.kept).toEqual({ commit: git('rev-parse', 'HEAD') });
    expect(git('show', '--name-only', '--format=%B', 'HEAD')).toBe(
      'Note what is deployed\n\nSealift-Run: test-1/a\n\n\nstate.json',
    );
    expect(await verify(gitCommit, members)).toBe('PASS the files are as committed');
    expect(await apply(gitCommit, members)).toMatch(/^PASS committed as/);
    expect(count()).toBe(before + 1);
    git('reset', '--quiet', '--hard');
  });

  it.each(['before', 'after'] as const)(
    'is not done twice where it died %s the commit',
    async (when) => {
      const options = { id: when };
      const before = count();
      put('state.json', when);
      const dying = workOf(gitCommit, members, dyingAt('commit', when), options);
      await expect(gitCommit.apply(dying)).rejects.toThrow('killed');
      expect(await probe(gitCommit, members, options)).toBe(when === 'before' ? 'absent' : 'there');
      expect(await apply(gitCommit, members, options)).toMatch(/^PASS/);
      expect(await probe(gitCommit, members, options)).toBe('there');
      expect(count()).toBe(before + 1);
    },
  );

  it('that is aborted while it commits is absent, and can be done then', async () => {
    const removeHook = hook('pre-commit', 'touch begun; sleep 60');
    put('state.json', 'slow');
    const options = { id: 'slow' };
    const controller = new AbortController();
    const work = workOf(gitCommit, members, world, { ...options, signal: controller.signal });
    const ended = gitCommit.apply(work).catch(String);
    while (!existsSync(join(folder, 'begun'))) await new Promise((done) => setTimeout(done, 10));
    controller.abort(new Error('the time is over'));
    expect(await ended).toBe('Error: the time is over');
    removeHook();
    expect(await probe(gitCommit, members, options)).toBe('absent');
    expect(await apply(gitCommit, members, options)).toMatch(/^PASS/);
    rmSync(join(folder, 'begun'));
  });

  it('has nothing to do where HEAD has the files so', async () => {
    const options = { id: 'same' };
    expect(await apply(gitCommit, members, options)).toBe(
      'PASS nothing to commit, as HEAD has the files so',
    );
    expect(await verify(gitCommit, members, options)).toMatch(/^PASS/);
    expect(await apply(gitCommit, { ...members, revert: 'same' }, options)).toBe(
      'PASS the step has committed nothing',
    );
  });

  it('fails where a hook refuses, or a file is not there', async () => {
    const removeHook = hook('pre-commit', 'exit 1');
    put('state.json', 'refused');
    const options = { id: 'refused' };
    expect(await apply(gitCommit, members, options)).toBe('FAIL git commit ended with exit code 1');
    expect(await probe(gitCommit, members, options)).toBe('absent');
    expect(await apply(gitCommit, { ...members, files: ['none'] })).toMatch(/^PASS/);
    expect(await apply(gitCommit, { ...members, files: ['none'] }, options)).toBe(
      'FAIL a file is not there, or is ignored by the repository',
    );
    expect(await apply(gitCommit, { ...members, files: ['*.json'] }, options)).toMatch(
      /^FAIL a file is not/,
    );
    removeHook();
    git('reset', '--quiet', '--hard');
  });

  it('tells a lock that a killed git has left', async () => {
    put('state.json', 'locked');
    put('.git/index.lock', '');
    expect(await apply(gitCommit, members, { id: 'locked' })).toMatch(/^BUSY another git works/);
    rmSync(join(folder, '.git/index.lock'));
    git('reset', '--quiet', '--hard');
  });

  it('is pushed, and after a crash before that is pushed then', async () => {
    const pushed = { ...members, push: 'origin' };
    const options = { id: 'pushed' };
    put('state.json', 'pushed');
    const dying = workOf(gitCommit, pushed, dyingAt('push', 'before'), options);
    await expect(gitCommit.apply(dying)).rejects.toThrow('killed');
    expect(await verify(gitCommit, pushed, options)).toMatch(/^FAIL/);
    expect(await probe(gitCommit, pushed, options)).toBe('begun');
    const before = count();
    expect(await apply(gitCommit, pushed, options)).toMatch(/^PASS/);
    expect(count()).toBe(before);
    expect(git('ls-remote', 'origin', 'refs/heads/main')).toContain(git('rev-parse', 'HEAD'));
    expect(await probe(gitCommit, pushed, options)).toBe('there');
  });

  it('is reverted, once, whether it died before or after that', async () => {
    const options = { id: 'reverted' };
    put('state.json', 'to revert');
    await apply(gitCommit, members, options);
    const back = { ...members, revert: 'reverted' };
    const before = count();
    for (const when of ['before', 'after'] as const) {
      expect(await probe(gitCommit, back, options)).toBe('absent');
      const dying = gitCommit.apply(workOf(gitCommit, back, dyingAt('revert', when), options));
      await expect(dying).rejects.toThrow('killed');
    }
    expect(await probe(gitCommit, back, options)).toBe('there');
    expect(await apply(gitCommit, back, options)).toMatch(/^PASS committed as/);
    expect(await verify(gitCommit, back, options)).toMatch(/^PASS/);
    expect(count()).toBe(before + 1);
    expect(git('show', 'HEAD:state.json')).toBe('pushed');
  });

  it('is not reverted where later changes are in its way', async () => {
    const options = { id: 'early' };
    put('state.json', 'early');
    await apply(gitCommit, members, options);
    put('state.json', 'late');
    git('commit', '--quiet', '-am', 'late');
    const says = await apply(gitCommit, { ...members, revert: 'early' }, options);
    expect(says).toBe(
      'FAIL the commit is not reverted, as later changes are in its way (exit code 1)',
    );
    expect(git('status', '--porcelain')).toBe('');
    expect(await probe(gitCommit, { ...members, revert: 'early' }, options)).toBe('absent');
  });
});
