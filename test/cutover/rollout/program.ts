/** Programs of a rollout's world, each a process of its own that a test may kill and start again. */

import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { COMPILED } from '../../kit/compiled.ts';

export interface Program<Behaviour> {
  /** Address without a path; the same after it was started again. */
  readonly url: string;
  /** Path of its log. */
  readonly log: string;
  /** Changes what it does; throws if it refuses. */
  behave(change: Partial<Behaviour>): Promise<void>;
  /** Ends it at once, as a crash does. */
  kill(): Promise<void>;
  /** Starts it again at its address, after it was killed, with the behaviour that it begins with. */
  startAgain(): Promise<void>;
}

export interface ProgramOptions {
  /** Name of its log, without ending. */
  readonly name: string;
  readonly file: URL;
  readonly folder: string;
  readonly env: Readonly<Record<string, string>>;
}

/** Starts a program; its output goes to `NAME.log`. */
export async function startProgram<Behaviour>(
  options: ProgramOptions,
): Promise<Program<Behaviour>> {
  const log = join(options.folder, `${options.name}.log`);
  let running = await started(options, log, 0);
  const url = `http://127.0.0.1:${running.port}`;
  return {
    url,
    log,
    async behave(change) {
      const answer = await fetch(`${url}/behave`, { method: 'POST', body: JSON.stringify(change) });
      if (!answer.ok) throw new Error(`${options.name} answers ${answer.status}`);
    },
    kill: () => killed(running.child),
    async startAgain() {
      await killed(running.child);
      running = await started(options, log, running.port);
    },
  };
}

interface Running {
  readonly child: ChildProcess;
  readonly port: number;
}

async function started(
  { name, file, folder, env }: ProgramOptions,
  log: string,
  port: number,
): Promise<Running> {
  const output = openSync(log, 'a');
  const child = spawn(process.execPath, [fileURLToPath(file)], {
    cwd: folder,
    env: { ...env, PORT: String(port), TZ: 'UTC', NODE_COMPILE_CACHE: COMPILED },
    stdio: ['ignore', output, output, 'ipc'],
  });
  closeSync(output);
  const told = once(child, 'message') as Promise<[{ port: number }]>;
  const ended = once(child, 'exit').then(() => {
    throw new Error(`${name} has ended: ${readFileSync(log, 'utf8').slice(-2000)}`);
  });
  try {
    const [message] = await Promise.race([told, ended]);
    return { child, port: message.port };
  } finally {
    told.catch(() => null);
    ended.catch(() => null);
  }
}

async function killed(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
}
