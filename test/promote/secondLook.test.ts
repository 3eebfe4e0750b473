/** Verifying a candidate takes its time: what a scan has found meanwhile counts for promote. */

import { rmSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { promote } from '../../src/flow/promote.ts';
import { ENVIRONMENT, newProject } from '../fault/fixture.ts';
import { build, liveOf, promoteHere, scanEntryOf, scanHere } from './fixture.ts';

let project = '';
let name = '';
beforeAll(async () => {
  project = await newProject(5);
  name = await build(project, 'one');
  await scanHere(project);
});
afterAll(() => rmSync(project, { recursive: true }));

/** Promotes; when the files are about to be hashed, a scan ends with this verdict. */
async function promoteWhile(verdict: 'FAIL' | 'WARN' | 'PASS'): Promise<string> {
  const counts = {
    BLOCKER: Number(verdict === 'FAIL'),
    WARNING: Number(verdict === 'WARN'),
    INFO: 0,
  };
  const options = { candidate: null, expectSeal: null, allowWarnings: false, workers: 1 } as const;
  const done = promote(
    { ...options, project, dryRun: false, who: null },
    {
      ...ENVIRONMENT,
      startWorkers: (...given) => {
        scanEntryOf(project, name, { verdict, counts });
        return ENVIRONMENT.startWorkers(...given);
      },
    },
  );
  return done.then(
    ({ status }) => status,
    (error: unknown) => String(error),
  );
}

describe('a scan that ends while promote verifies', () => {
  it.each([
    ['FAIL', 'the last scan of this candidate failed'],
    ['WARN', 'the last scan of this candidate found warnings'],
  ] as const)('with %s keeps the candidate from going live', async (verdict, why) => {
    expect(await promoteWhile(verdict)).toContain(why);
    expect(liveOf(project)).toBeNull();
    scanEntryOf(project, name, {});
  });

  it('with PASS does not', async () => {
    expect(await promoteWhile('PASS')).toBe('DONE');
    expect(liveOf(project)).toBe(name);
    await promoteHere(project);
  });
});
