/** Kills a process that applies a step, after a time or when something is there. */

import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

import type { Applied } from './applyProcess.ts';

/** For `expect.poll`: no test is to fail because the machine is slow. */
export const PATIENT: { readonly interval: number; readonly timeout: number } = {
  interval: 5,
  timeout: 120_000,
};

const PROGRAM = fileURLToPath(new URL('./applyProcess.ts', import.meta.url));

/** Begins to apply a step; kills its process once `when` resolves, whose
 * signal aborts if it has ended before. Returns what it has said until then. */
export async function killedWhen(
  type: string,
  applied: Applied,
  when: (over: AbortSignal) => Promise<unknown>,
): Promise<string> {
  const child = spawn(process.execPath, [PROGRAM, type, JSON.stringify(applied)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let said = '';
  const begun = new Promise<void>((resolve) => {
    child.stdout.on('data', (chunk: Buffer) => {
      said += chunk.toString();
      resolve();
    });
  });
  const over = new AbortController();
  const ended = new Promise<void>((resolve) => {
    child.on('close', () => {
      over.abort();
      resolve();
    });
  });
  try {
    await Promise.race([begun, ended]);
    await Promise.race([when(over.signal), ended]);
  } finally {
    child.kill('SIGKILL');
    await ended;
  }
  return said;
}
