import { expect, it } from 'vitest';

import { workFolder } from '../../kit/project.ts';
import { goOn, openPlayed, stage } from './play.ts';

const STEPS = 500;
const work = workFolder('engine-overhead');

it('a runbook of 500 steps has an overhead of less than 5 ms a step', async () => {
  const steps = Array.from({ length: STEPS }, (_, at) => {
    return `  - { id: s${at}, use: exec, run: [s${at}], idempotent: true, undo: { run: [u${at}] } }\n`;
  });
  const text = `runbook: long\nroles: { operator: [ada] }\nsteps:\n${steps.join('')}`;
  const play = stage();
  const run = openPlayed(work, text, play);
  // Of the processor: the machine may be at work with other tests, and a sync takes what the disk takes.
  const begun = process.cpuUsage();
  await goOn(run);
  const { user, system } = process.cpuUsage(begun);
  const each = (user + system) / 1000 / STEPS;
  expect(run.held.record.state.status).toBe('COMPLETED');
  expect(play.effects).toHaveLength(STEPS);
  expect(each).toBeLessThan(5);
});
