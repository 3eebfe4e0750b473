/** Verifying a candidate takes its time: what a scan has found meanwhile counts for promote. */

import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { promote } from '../../src/flow/promote.ts';
import { ENVIRONMENT, newProject } from '../fault/fixture.ts';
import { build, eventsOf, liveOf, PROMOTE, promoteHere, scanEntryOf, scanHere } from './fixture.ts';

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
  const done = promote(
    { ...PROMOTE, project, cwd: project },
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

describe('a mapping that breaks while the link is switched', () => {
  it('does not make a failure of a promote that is done', async () => {
    const next = await build(project, 'two');
    scanEntryOf(project, next, {});
    const now = (): Date => {
      // The intent is journaled by now: whatever fails from here on has changed something.
      if (eventsOf(project).at(-1) === 'promote-intended') {
        writeFileSync(join(project, 'mapping/project.json'), '{');
      }
      return new Date(0);
    };
    const about = { ...PROMOTE, candidate: next, project, cwd: project };
    expect(await promote(about, { ...ENVIRONMENT, now })).toMatchObject({ status: 'DONE' });
    expect([liveOf(project), eventsOf(project).at(-1)]).toEqual([next, 'promote-done']);
  });
});
