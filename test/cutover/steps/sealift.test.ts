/** `sealift.NAME`: the exit code is the verdict, and its last word is what is said. */

import { afterAll, describe, expect, it } from 'vitest';

import type { DoneStep } from '../../../src/cutover/steps/stepType.ts';
import { STEP_NAMES, STEP_TYPES, type StepName } from '../../../src/cutover/steps/stepTypes.ts';
import type { ProgramEnd, World } from '../../../src/cutover/world/world.ts';
import { localWorld } from '../world/localWorld.ts';
import { line, workOf } from './localStep.ts';

const { world, remove } = localWorld();
afterAll(remove);

function type(name: StepName): DoneStep {
  const found = STEP_TYPES[name];
  if (found.kind === 'gate') throw new Error(`${name} waits`);
  return found;
}

/** A world in which a command of Sealift ends so. */
function ending(end: Partial<ProgramEnd>): World {
  const whole = { code: 0, endedBy: null, stdout: '', stderr: '', ...end };
  return { ...world, runSealift: () => Promise.resolve(whole) };
}

const apply = (name: StepName, end: Partial<ProgramEnd>): Promise<string> =>
  line(type(name).apply(workOf(type(name), {}, ending(end))));

describe('a command of Sealift', () => {
  it.each<[StepName, number, string]>([
    ['sealift.scan-all', 0, 'PASS'],
    ['sealift.scan-all', 1, 'WARN'],
    ['sealift.scan-all', 2, 'FAIL'],
    ['sealift.scan-all', 64, 'FAIL'],
    ['sealift.promote', 0, 'PASS'],
    ['sealift.promote', 1, 'FAIL'],
    ['sealift.review', 1, 'FAIL'],
    ['sealift.secrets', 3, 'FAIL'],
  ])('%s with exit code %i is %s', async (name, code, verdict) => {
    expect(await apply(name, { code })).toBe(`${verdict} ended with ${code}`);
  });

  it('says its failure, or else its result, not its progress', async () => {
    const stderr = 'reading\nsealift scan-all: there is no candidate\nreport written\n';
    expect(await apply('sealift.scan-all', { code: 2, stderr })).toBe(
      'FAIL sealift scan-all: there is no candidate',
    );
    const stdout = '3 BLOCKER\nscan-all: FAIL\n';
    expect(await apply('sealift.scan-all', { code: 2, stdout, stderr: 'reading\n' })).toBe(
      'FAIL scan-all: FAIL',
    );
    expect(await apply('sealift.scan-all', { stderr: 'read\u001b[2J\n' })).toBe(
      'PASS read\\u{1b}[2J',
    );
    expect(await apply('sealift.scan-all', { code: null, endedBy: 'SIGKILL' })).toBe(
      'FAIL ended with SIGKILL',
    );
  });

  it('runs again after a crash only where that can do no harm', async () => {
    const told = await Promise.all(
      STEP_NAMES.filter((name) => name.startsWith('sealift.')).map(async (name) => {
        const step = type(name);
        expect('probe' in step).toBe(step.resumes === true);
        const presence = await step.probe?.(workOf(type(name), {}, world));
        return `${name.replace('sealift.', '')} ${presence ?? (step.kind === 'check' ? 'check' : 'unclear')}`;
      }),
    );
    expect(told.filter((one) => !one.endsWith(' check'))).toEqual([
      'attachments begun',
      'keys begun',
      'load begun',
      'migrate absent',
      'promote begun',
      'review absent',
      'rollback unclear',
      'secrets unclear',
      'snapshot unclear',
    ]);
  });
});
