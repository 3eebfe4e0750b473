/** Makes the same nested folders as others do, each at the same moment, and says what went wrong. */

import { join } from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';

import { makeFolder } from '../../src/disk/durable.ts';

const { work, gates, racers, races } = workerData as {
  work: string;
  gates: Int32Array;
  racers: number;
  races: number;
};
const faults: string[] = [];
for (let race = 1; race <= races; race += 1) {
  Atomics.add(gates, 0, 1);
  while (Atomics.load(gates, 0) < race * racers);
  try {
    makeFolder(join(work, String(race), 'parent', 'folder'));
  } catch (error) {
    faults.push(String(error));
  }
}
parentPort?.postMessage(faults);
