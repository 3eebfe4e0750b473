/** Runs this command line as a separate process, so that drills test what users run. */

import { spawn } from 'node:child_process';

import type { SelfOptions, SelfRun } from '../run/environment.ts';

/** Limit of a child's output, to bound memory. */
const MAX_OUTPUT = 16 * 2 ** 20;

/** Starts `sealift ARGS`; its output is kept, not shown. */
export function runSelf(args: readonly string[], options: SelfOptions): SelfRun {
  const main = process.argv[1] ?? '';
  // A child inherits the umask of its parent when it starts.
  const before = process.umask(options.umask);
  const child = spawn(process.execPath, [...process.execArgv, main, ...args], {
    env: { ...process.env, ...options.variables },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  process.umask(before);
  const output = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => {
      if (output[name].length < MAX_OUTPUT) output[name] += text;
    });
  }
  const ended = new Promise<Awaited<SelfRun['ended']>>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => {
      resolve({ code, signal, ...output });
    });
  });
  return {
    ended,
    kill() {
      child.kill('SIGKILL');
    },
  };
}
