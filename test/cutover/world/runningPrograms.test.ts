import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { markRunning, programsLeft } from '../../../src/cutover/world/runningPrograms.ts';
import { workFolder } from '../../kit/project.ts';

const work = workFolder('running-programs');

describe.skipIf(!existsSync('/proc/self/fd'))('a program of a run', () => {
  it('is found for as long as it goes on, also what it has started', async () => {
    const run = join(work, 'left');
    mkdirSync(run);
    const mark = markRunning(run, 1);
    // The shell ends, and what it has started goes on.
    const child = spawn('sh', ['-c', 'sleep 60 & echo $!'], {
      stdio: ['ignore', 'pipe', 'ignore', mark.descriptor],
    });
    mark.inherited();
    const pid = await new Promise<number>((resolve) => {
      child.stdout?.once('data', (text: Buffer) => resolve(Number(text.toString())));
    });
    await expect.poll(() => programsLeft(run)).toEqual([pid]);
    process.kill(pid, 'SIGKILL');
    await expect.poll(() => programsLeft(run)).toEqual([]);
    expect(readdirSync(join(run, 'running'))).toEqual([]);
  });

  it('is not looked for once its process has seen its end: a service that it started may stay', async () => {
    const run = join(work, 'service');
    mkdirSync(run);
    const mark = markRunning(run, 1);
    const child = spawn('sleep', ['60'], {
      stdio: ['ignore', 'ignore', 'ignore', mark.descriptor],
    });
    mark.inherited();
    mark.ended();
    expect(programsLeft(run)).toEqual([]);
    child.kill('SIGKILL');
  });

  it('is none in a run without programs', () => {
    expect(programsLeft(join(work, 'none'))).toEqual([]);
  });
});
