/**
 * Links where candidates are read: those that a person names are followed, those that somebody planted in a
 * project lead to nothing.
 */

import {
  cpSync,
  existsSync,
  readdirSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { join } from 'node:path';

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { sealift } from '../kit/run.ts';
import { build, promoteHere, scanHere, storeOf } from '../promote/fixture.ts';
import { newProject, temporaryFolder } from './fixture.ts';

describe('a candidate outside of the project', () => {
  let project: string;
  let copy: string;
  let outside: string;
  let name: string;

  beforeAll(async () => {
    project = await newProject(5);
    name = await build(project, 'ours');
    await scanHere(project);
    await promoteHere(project);
    const other = await newProject(7, 2);
    outside = join(storeOf(other), 'sealed', await build(other, 'theirs'));
  });
  afterAll(() => {
    rmSync(project, { recursive: true });
    rmSync(join(outside, '../../..'), { recursive: true });
  });
  beforeEach(() => {
    copy = temporaryFolder();
    cpSync(project, copy, { recursive: true, verbatimSymlinks: true });
  });

  function plant(place: string, target: string = outside): void {
    rmSync(join(copy, place), { recursive: true, force: true });
    symlinkSync(target, join(copy, place));
  }

  /** None of the commands ends well, or says anything of the other candidate. */
  async function refused(...commands: readonly string[][]): Promise<void> {
    const theirs = outside.slice(-64);
    const runs = commands.map((one) => sealift([...one, '--project', copy]));
    for (const { code, stdout, stderr } of await Promise.all(runs)) {
      expect(code, `${stdout}${stderr}`).not.toBe(0);
      expect(`${stdout}${stderr}`).not.toContain(theirs);
      expect(stderr).not.toMatch(/defect|^\s+at /m);
    }
  }

  it('is not read where v1 leads to it', async () => {
    plant('storage_candidate/v1');
    await refused(['verify-checksums'], ['scan-all'], ['scan-drift'], ['diff', 'v1', 'live']);
  });

  it('is not read where the live link leads to it', async () => {
    plant('storage_live');
    await refused(['verify-checksums', '--candidate', 'live'], ['scan-all', '--candidate', 'live']);
  });

  it('is not read where a sealed folder, or one in it, is a link to it', async () => {
    plant(`storage_candidate/sealed/${name}`);
    await refused(['verify-checksums'], ['scan-all'], ['promote']);
    for (const part of ['mapping', 'dogs']) {
      rmSync(join(copy, 'storage_candidate'), { recursive: true });
      cpSync(storeOf(project), storeOf(copy), { recursive: true, verbatimSymlinks: true });
      plant(`storage_candidate/sealed/${name}/${part}`, join(outside, part));
      await refused(['verify-checksums'], ['scan-all']);
    }
  });

  it('is read when somebody names it, by a link as well', async () => {
    const link = join(copy, 'theirs');
    symlinkSync(outside, link);
    for (const args of [
      ['verify-checksums', '--candidate', link],
      ['scan-pii', '--candidate', link],
    ]) {
      const { code, stdout, stderr } = await sealift([...args, '--project', copy]);
      expect(code, `${stdout}${stderr}`).toBe(0);
    }
  });
});

it('a project, a mapping and a folder for temporary files may be named by links', async () => {
  const project = await newProject(5);
  const links = temporaryFolder();
  const [named, temporary] = [join(links, 'project'), join(links, 'temporary')];
  symlinkSync(project, named);
  symlinkSync(temporaryFolder(), temporary);
  renameSync(join(project, 'mapping'), join(links, 'mapping'));
  symlinkSync(join(links, 'mapping'), join(project, 'mapping'));
  const env = { TMPDIR: temporary };
  for (const args of [
    ['freeze', '--who', 'ada', '--why', 'agreed'],
    ['migrate'],
    ['scan-all'],
    ['promote'],
  ]) {
    const { code, stdout, stderr } = await sealift([...args, '--project', named], { env });
    expect(code, `${args.join(' ')}: ${stdout}${stderr}`).toBe(0);
  }
  expect(readlinkSync(join(project, 'storage_live'))).toMatch(/^storage_candidate\/sealed\//);
  expect(existsSync(join(project, 'storage_reports/latest-scan/summary.json'))).toBe(true);
  expect(readdirSync(temporary)).toEqual([]);
});
