/**
 * Links that somebody planted where Sealift writes: they are refused, or replaced, but nothing is
 * ever written through them, and what they point to stays as it was.
 */

import { existsSync, lstatSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { writeReport } from '../../src/disk/reportFolder.ts';
import { exitCodeOfFailure } from '../../src/outcome/exitCode.ts';
import { Failure } from '../../src/outcome/failure.ts';
import { sealift } from '../kit/run.ts';
import { migrateHere, newProject, treeOf } from './fixture.ts';

/** Where a link is planted, and what the run does then. */
const PLACES: readonly (readonly [string, number])[] = [
  ['storage_candidate', 1],
  ['storage_candidate/.staging', 1],
  ['storage_candidate/.staging.old', 0],
  ['storage_candidate/.lock', 1],
  ['storage_candidate/.lock.json', 1],
  ['storage_candidate/.lock.json.new', 0],
  ['storage_candidate/sealed', 1],
  ['storage_candidate/v1', 1],
  ['storage_candidate/.v1.new', 0],
  ['storage_reports', 0],
  ['storage_reports/latest-migrate', 0],
  ['storage_reports/.latest-migrate.new', 0],
  ['storage_reports/history', 0],
  ['storage_reports/history/.migrate.new', 0],
  ['storage_reports/history/.lock', 0],
  ['storage_reports/history/migrate-000001', 0],
  ['mapping/modules', 64],
  ['mapping/modules/dogs.json', 64],
  ['mapping/project.json', 64],
];

/** Of a failure; anything else is a defect. */
function exitCodeOf(error: unknown): number {
  if (error instanceof Failure) return exitCodeOfFailure(error.code, 'action');
  throw error;
}

describe('a planted link', () => {
  let project: string;
  let elsewhere: string;

  beforeEach(async () => {
    project = await newProject(5);
    elsewhere = join(project, 'elsewhere');
    mkdirSync(join(elsewhere, 'candidate'), { recursive: true });
    for (const name of ['precious', 'candidate/file']) {
      writeFileSync(join(elsewhere, name), 'somebody needs this');
    }
  });
  afterEach(() => {
    rmSync(project, { recursive: true });
  });

  function plant(place: string, target: string): void {
    const path = join(project, place);
    rmSync(path, { recursive: true, force: true });
    mkdirSync(dirname(path), { recursive: true });
    symlinkSync(target, path);
  }

  /** The exit code of a run with its report, as the command makes them. */
  async function migrateAndReport(): Promise<number> {
    let code = 0;
    try {
      await migrateHere(project);
    } catch (error) {
      code = exitCodeOf(error);
    }
    try {
      writeReport(
        join(project, 'storage_reports'),
        { command: 'migrate', pid: 1 },
        new Map([['summary.json', '{}']]),
      );
    } catch (error) {
      expect(exitCodeOf(error)).toBe(1);
    }
    return code;
  }

  async function migrateWith(place: string, target: string, code: number): Promise<void> {
    const before = [...treeOf(elsewhere)].join('\n');
    plant(place, target);
    const told = `${place} to ${target}`;
    expect(await migrateAndReport(), told).toBe(code);
    expect([...treeOf(elsewhere)].join('\n'), told).toBe(before);
    expect(existsSync(join(project, 'nowhere')), told).toBe(false);
    if (code !== 0) expect(lstatSync(join(project, place)).isSymbolicLink()).toBe(true);
  }

  it.each(PLACES)('at %s to a folder is never written through', async (place, code) => {
    await migrateWith(place, elsewhere, code);
  });

  it.each(PLACES)('at %s to a file that is not there makes none', async (place, code) => {
    await migrateWith(place, join(project, 'nowhere'), code);
  });

  it('at the lock to a file leaves the file alone', async () => {
    await migrateWith('storage_candidate/.lock', join(elsewhere, 'precious'), 1);
    await migrateWith('storage_candidate/.lock.json', join(elsewhere, 'precious'), 1);
  });

  it.each(['modules', 'schema', 'DECISIONS.md', 'project.json'])(
    'in the mapping at %s keeps init from writing',
    async (name) => {
      const before = [...treeOf(elsewhere)].join('\n');
      rmSync(join(project, 'mapping'), { recursive: true });
      plant(`mapping/${name}`, elsewhere);
      const args = ['init', '--project', project, '--source', `sqlite:${project}/legacy.db`];
      const { code, stderr } = await sealift(args);
      expect(code, stderr).toBe(64);
      expect([...treeOf(elsewhere)].join('\n')).toBe(before);
      expect([...treeOf(join(project, 'mapping')).keys()]).toEqual([name]);
    },
  );

  it('at the mapping folder keeps init from writing', async () => {
    const before = [...treeOf(elsewhere)].join('\n');
    plant('mapping', elsewhere);
    const args = ['init', '--project', project, '--source', `sqlite:${project}/legacy.db`];
    const { code, stderr } = await sealift(args);
    expect(code, stderr).toBe(64);
    expect([...treeOf(elsewhere)].join('\n')).toBe(before);
  });

  it('is needed to fail: without one the same run is done', async () => {
    await migrateHere(project);
    expect(lstatSync(join(project, 'storage_candidate/v1')).isSymbolicLink()).toBe(true);
  });
});
