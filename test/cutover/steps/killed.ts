/** Kills a process that applies a step, after a time or when something is there. */

import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

import type { Applied } from './applyProcess.ts';

const PROGRAM = fileURLToPath(new URL('./applyProcess.ts', import.meta.url));

/** Begins to apply a step; kills its process once `when` resolves. Returns what it has said until then. */
export async function killedWhen(
  type: string,
  applied: Applied,
  when: () => Promise<unknown>,
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
  const ended = new Promise<void>((resolve) => {
    child.on('close', () => {
      resolve();
    });
  });
  await Promise.race([begun, ended]);
  await Promise.race([when(), ended]);
  child.kill('SIGKILL');
  await ended;
  return said;
}
