/** Runs trials in a process of their own; one that does not come back is ended, and the next begins. */

import { fork } from 'node:child_process';

import type { Result, Trial } from './trial.ts';

export interface Range {
  readonly seed: number;
  readonly first: number;
  readonly count: number;
}

export type Ended = Omit<Trial, 'result'> & { readonly result: Result | 'endless' | 'died' };

/** Much longer than any of them takes, also on a machine that has other work. */
const LIMIT_SECONDS = 60;

/** Calls `onTrial` with each of the range, in order. */
export async function runTrials(range: Range, onTrial: (trial: Ended) => void): Promise<void> {
  let next = range.first;
  const end = range.first + range.count;
  while (next < end) {
    const started = next;
    const stopped = await runSome({ ...range, first: next, count: end - next }, (trial) => {
      next = trial.number + 1;
      onTrial(trial);
    });
    if (next === end) return;
    if (stopped === 'done') throw new Error('the process of the trials ended early');
    const about = { number: next, kind: '', database: '', detail: '', guarded: false };
    onTrial({ ...about, result: stopped });
    next += 1;
    if (next === started) throw new Error('the process of the trials does not start');
  }
}

function runSome(
  { seed, first, count }: Range,
  onTrial: (trial: Trial) => void,
): Promise<'done' | 'endless' | 'died'> {
  const script = new URL('./fuzzProcess.ts', import.meta.url);
  const child = fork(script, [seed, first, count].map(String), { execArgv: [] });
  return new Promise((resolve, reject) => {
    let isEndless = false;
    const late = (): void => {
      isEndless = true;
      child.kill('SIGKILL');
    };
    let timer = setTimeout(late, LIMIT_SECONDS * 1000);
    child.on('message', (trial: Trial) => {
      clearTimeout(timer);
      timer = setTimeout(late, LIMIT_SECONDS * 1000);
      onTrial(trial);
    });
    child.on('error', reject);
    child.on('exit', (code) => {
      clearTimeout(timer);
      if (isEndless) resolve('endless');
      else resolve(code === 0 ? 'done' : 'died');
    });
  });
}
