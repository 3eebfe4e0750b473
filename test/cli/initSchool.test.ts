/**
 * The main job on a legacy database that init has never seen, through the command line: its mapping
 * works as it is, from the dry run to the scans of what was sealed.
 */

import { join } from 'node:path';
import Database from 'better-sqlite3';
import { beforeAll, describe, expect, it } from 'vitest';

import { generateDogSchool } from '../dogschool/generate.ts';
import {
  digestsOf,
  linesOf,
  migrate,
  runFileOf,
  succeed,
  workFolder,
  type Summary,
} from '../kit/project.ts';
import { sealift } from '../kit/run.ts';

const folder = workFolder('init-school');
const school = join(folder, 'school.db');

beforeAll(() => {
  generateDogSchool(school, { rows: 1500, seed: 3 });
});

/** Columns of whole names, which init does not know from those of products. */
const TRAINERS = ['pii-undeclared kurse · trainerName', 'pii-undeclared trainer · name'];

/** The rules and fields of all findings that are shown. */
function foundIn(stdout: string): string[] {
  return [...stdout.matchAll(/^(?:WARNING|INFO|BLOCKER) (\S+ \S+ · \S+) · /gm)].map(
    ([, found = '']) => found,
  );
}

/** Runs init into a new folder below the project's. */
async function initInto(name: string, ids: string): Promise<string> {
  const project = join(folder, name);
  await succeed(['init', '--project', project, '--source', `sqlite:${school}`, '--ids', ids]);
  return project;
}

describe.each(['keep', 'uuid'])('init --ids %s, without a hand edit', (ids) => {
  let project = '';
  let sealed: Summary;

  beforeAll(async () => {
    project = await initInto(ids, ids);
  });

  it('has a dry run that finds no BLOCKER', async () => {
    const ran = await sealift(['dry-run', '--project', project]);
    expect([ran.code, ran.stdout.match(/^BLOCKER .*$/gm)]).toEqual([1, null]);
    expect(foundIn(ran.stdout)).toEqual(TRAINERS);
    expect(ran.stdout).toMatch(/^dry-run: WARN$/m);
  });

  it('migrates every row of every table', async () => {
    sealed = await migrate(project);
    const { accounting } = runFileOf(project);
    expect(accounting).toHaveLength(11);
    for (const { module, rows, records, rejected } of accounting) {
      expect([module, records, rejected]).toEqual([module, rows, 0]);
      expect([module, linesOf(project, module).length]).toEqual([module, rows]);
    }
    const rows = accounting.reduce((sum, line) => sum + line.rows, 0);
    expect(rows).toBeGreaterThan(1200);
  });

  it('is sealed into a candidate in which every scan finds as much, and verifies', async () => {
    const scanned = await sealift(['scan-all', '--project', project]);
    expect([scanned.code, foundIn(scanned.stdout)]).toEqual([1, TRAINERS]);
    expect(scanned.stdout).toMatch(/^scan-all: WARN$/m);
    const args = ['--project', project, '--expect-seal', sealed.sealId];
    const verified = await succeed(['verify-checksums', ...args]);
    expect(verified.stdout).toMatch(/^verify-checksums: PASS$/m);
  });

  it('is the same when it is made again', async () => {
    const again = await initInto(`${ids}-again`, ids);
    expect(digestsOf(join(again, 'mapping'))).toEqual(digestsOf(join(project, 'mapping')));
  });
});

it('finds what is wrong with the source all the same (negative control)', async () => {
  const spoilt = join(folder, 'spoilt.db');
  generateDogSchool(spoilt, { rows: 600, seed: 4 });
  const project = join(folder, 'spoilt');
  await succeed(['init', '--project', project, '--source', `sqlite:${spoilt}`]);
  const db = new Database(spoilt);
  db.pragma('foreign_keys = OFF');
  db.exec(`UPDATE waren SET kundenId = 'k999999' WHERE rowid = 2`);
  db.close();
  const ran = await sealift(['dry-run', '--project', project]);
  expect(ran.code).toBe(2);
  expect(ran.stdout).toMatch(/^BLOCKER reference waren · kundenId · row 2: /m);
});
