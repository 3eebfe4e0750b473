/** drill, as a person runs it, and builds that fail it. */

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { beforeAll, describe, expect, it } from 'vitest';

import type { Step } from '../../src/outcome/outcome.ts';
import { initialise, treeOf, writeKennel } from '../fault/fixture.ts';
import { planted } from './planted.ts';
import { isLong } from '../kit/long.ts';
import { workFolder } from '../kit/project.ts';
import { sealift, type Ran } from '../kit/run.ts';

const project = workFolder('drill');
/** One module, so that a build with a defect is soon found out. */
const small = workFolder('drill-small');
/** A sample is never promoted: half of the runs of a drill are for that. */
const WITHOUT_PROMOTION: readonly string[] = ['--sample', '10'];

interface Summary {
  readonly status: string;
  readonly steps: readonly Step[];
}

async function drill(
  folder: string,
  variables: Record<string, string> = {},
  more: readonly string[] = [],
): Promise<{ ran: Ran; all: Summary }> {
  const ran = await sealift(['drill', '--json', '--project', folder, ...more], {
    env: variables,
    process: true,
  });
  return { ran, all: JSON.parse(ran.stdout) as Summary };
}

beforeAll(async () => {
  writeKennel(join(project, 'legacy.db'), 50);
  await initialise(project);
  const db = new Database(join(small, 'legacy.db'));
  db.exec(
    "CREATE TABLE dogs (id INTEGER PRIMARY KEY, name TEXT); INSERT INTO dogs VALUES (1, 'Rex')",
  );
  db.close();
  await initialise(small);
});

describe('drill', () => {
  // A drill of three modules takes three times as long as one of one.
  const wide = isLong('drill of three modules');
  const [whole, modules] = wide ? [project, ['dogs', 'owners', 'visits']] : [small, ['dogs']];

  it('fails after and dies inside each module, fills a disk, promotes and rolls back', async () => {
    const before = treeOf(join(whole, 'mapping'));
    const { ran, all } = await drill(whole);
    expect(ran.stderr).toBe('');
    expect(all.steps.filter(({ ok }) => !ok)).toEqual([]);
    expect(ran.code).toBe(0);
    const names = all.steps.map(({ step }) => step);
    for (const module of modules) {
      expect(names).toContain(`fail after ${module}`);
      expect(names).toContain(`kill inside ${module}`);
    }
    expect(names).toContain('a clean build');
    expect(names).toContain('roll back');
    const disk = readFileSync(join(whole, 'storage_reports/latest-drill/findings.ndjson'), 'utf8');
    expect(names.includes('migrate on a full disk') || disk.includes('full disk was not')).toBe(
      true,
    );
    const left = readdirSync(join(whole, 'storage_candidate'));
    expect(left.filter((name) => !name.startsWith('.lock'))).toEqual([]);
    expect(treeOf(join(whole, 'mapping'))).toEqual(before);
  });

  it('notices a build whose failed run takes the old candidate with it', async () => {
    const variables = planted(small, {
      file: 'seal/candidateStore.ts',
      search: 'export function openStaging(folder: string): Staging {',
      by: 'export function openStaging(folder: string): Staging { remove(currentPath(folder));',
    });
    const { ran, all } = await drill(small, variables, WITHOUT_PROMOTION);
    expect(ran.code).toBe(2);
    const failed = all.steps.filter(({ ok }) => !ok);
    expect(failed.map(({ observed }) => observed)).toContain('changed: v1');
  });

  if (!isLong('drill of a build that leaves its staging')) return;

  it('notices a build that leaves its staging behind', async () => {
    const variables = planted(small, {
      file: 'seal/candidateStore.ts',
      search: 'export function dropStaging(folder: string): void {',
      by: 'export function dropStaging(folder: string): void { if (statOf(currentPath(folder)) !== undefined) return;',
    });
    const { ran, all } = await drill(small, variables, WITHOUT_PROMOTION);
    expect(ran.code).toBe(2);
    expect(all.steps.some(({ observed }) => observed.includes('.staging'))).toBe(true);
  });
});
