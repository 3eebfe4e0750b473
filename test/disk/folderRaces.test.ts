import { mkdirSync, rmSync } from 'node:fs';
import { Worker } from 'node:worker_threads';

import { expect, it } from 'vitest';

import { workFolder } from '../kit/project.ts';

const RACERS = 4;
const RACES = 300;

it('a folder is made with its parents by several at a time, none of which fails', async () => {
  const work = workFolder('folder-races');
  const gates = new Int32Array(new SharedArrayBuffer(4));
  mkdirSync(work, { recursive: true });
  const racers = Array.from({ length: RACERS }, async () => {
    const racer = new Worker(new URL('folderRacer.ts', import.meta.url), {
      workerData: { work, gates, racers: RACERS, races: RACES },
    });
    return new Promise<unknown>((resolve, reject) => {
      racer.once('message', resolve).once('error', reject);
    });
  });
  expect(await Promise.all(racers)).toEqual(Array.from({ length: RACERS }, () => []));
  rmSync(work, { recursive: true });
}, 60_000);
