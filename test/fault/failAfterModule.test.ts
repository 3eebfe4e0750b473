/** A migrate run that fails in the middle leaves nothing but its report. */

import { existsSync, mkdirSync, readlinkSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { verifyCandidate } from '../../src/seal/verify.ts';
import { sealift, type Ran } from '../kit/run.ts';
import { isLong } from '../kit/long.ts';
import { copyPrepared } from '../kit/prepared.ts';
import { generateDogSchool } from '../dogschool/generate.ts';
import {
  HASHING,
  initialise,
  migrateHere,
  newProject,
  temporaryFolder,
  treeOf,
} from './fixture.ts';

const EVERY = isLong('a failure after every module of the school');
const MODULES = ['dogs', 'owners', 'visits'];

describe('MIGRATE_FAIL_AFTER_MODULE', () => {
  let project: string;

  beforeEach(async () => {
    project = await newProject(12);
  });
  afterEach(() => {
    rmSync(project, { recursive: true });
  });

  const fail = (module: string): Promise<Ran> =>
    sealift(['migrate', '--project', project], {
      env: { MIGRATE_FAIL_AFTER_MODULE: module },
    });
  const tree = (): string => [...treeOf(project, ['storage_reports'])].join('\n');

  it.each(MODULES)('after %s leaves no candidate where there was none', async (module) => {
    const before = tree();
    const { code, stderr, stdout } = await fail(module);
    expect(code).toBe(1);
    expect(stderr.split('\n').slice(-2)).toEqual([
      `sealift migrate: stopped after module ${module}, as MIGRATE_FAIL_AFTER_MODULE requests; ` +
        'nothing was published: unset MIGRATE_FAIL_AFTER_MODULE and run again',
      '',
    ]);
    expect(stdout).toMatch(/^report +\S+storage_reports\/latest-migrate\n$/);
    expect(existsSync(join(project, 'storage_candidate/v1'))).toBe(false);
    const left = tree().split('\n');
    expect(
      left.filter((line) => !before.split('\n').includes(line)).map((line) => line.split(',')[0]),
    ).toEqual(['storage_candidate', 'storage_candidate/.lock']);
    const report = [...treeOf(join(project, 'storage_reports')).keys()];
    expect(report).toContain('history/migrate-000001/summary.json');
  });

  it.each(MODULES)('after %s leaves the candidate before as it was', async (module) => {
    const { sealId = '' } = await migrateHere(project);
    const before = tree();
    const link = readlinkSync(join(project, 'storage_candidate/v1'));
    expect((await fail(module)).code).toBe(1);
    expect(tree()).toBe(before);
    expect(readlinkSync(join(project, 'storage_candidate/v1'))).toBe(link);
    const candidate = join(project, 'storage_candidate/v1');
    const { findings, records } = await verifyCandidate(candidate, sealId, HASHING);
    expect(findings).toEqual([]);
    expect(records).toBe(36);
  });

  it('goes through the modules of a larger database', async () => {
    const school = temporaryFolder();
    await copyPrepared('school-60', school, (folder) => {
      generateDogSchool(join(folder, 'legacy.db'), { rows: 60 });
      return initialise(folder);
    });
    const { modules } = await migrateHere(school);
    rmSync(join(school, 'storage_candidate'), { recursive: true });
    expect(modules.length).toBeGreaterThan(5);
    for (const [at, { module }] of modules.entries()) {
      // Every module in the long form; here the first, the last and some in between.
      if (!EVERY && at % 4 !== 0 && at !== modules.length - 1) continue;
      await expect(migrateHere(school, { failAfter: module })).rejects.toThrow(module);
      expect([...treeOf(join(school, 'storage_candidate')).keys()]).toEqual(['.lock']);
    }
    // The negative control: without the variable the run succeeds.
    await migrateHere(school);
    expect(existsSync(join(school, 'storage_candidate/v1'))).toBe(true);
    rmSync(school, { recursive: true });
  });

  it('names the nearest module for one that there is not, and changes nothing', async () => {
    mkdirSync(join(project, 'storage_candidate'));
    const before = [...treeOf(project)].join('\n');
    const { code, stderr } = await fail('dog');
    expect(code).toBe(64);
    expect(stderr).toBe(
      'sealift migrate: the mapping has no module "dog" (MIGRATE_FAIL_AFTER_MODULE): ' +
        'did you mean "dogs"?\n',
    );
    expect([...treeOf(project)].join('\n')).toBe(before);
    expect((await fail('x'.repeat(40))).stderr).toMatch(/: it has dogs, owners, visits\n$/);
  });

  it('of no name at all is refused too', async () => {
    expect((await fail('')).code).toBe(64);
  });
});
