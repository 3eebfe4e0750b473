/** Runs the real command line as a child process, as a person would. */

import { spawn, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';

import { COMPILED } from './compiled.ts';

const MAIN: string = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));

export interface Ran {
  /** Null where a signal ended it. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Running {
  readonly child: ChildProcess;
  readonly ended: Promise<Ran>;
}

export interface RunOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Shell commands that run before, in a mount namespace of their own; see fault/disk.test.ts. */
  readonly wrap?: readonly string[];
}

/** Starts `sealift ARGS` with a bare environment. */
export function start(args: readonly string[], options: RunOptions = {}): Running {
  const [command, ...before] = [...(options.wrap ?? []), process.execPath] as [string];
  const child = spawn(command, [...before, MAIN, ...args], {
    cwd: options.cwd ?? '/',
    env: {
      PATH: process.env['PATH'] ?? '',
      LC_ALL: 'C',
      NODE_COMPILE_CACHE: COMPILED,
      ...options.env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [out, err]: [Buffer[], Buffer[]] = [[], []];
  child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => err.push(chunk));
  const ended = new Promise<Ran>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => {
      resolve({ code, signal, stdout: textOf(out), stderr: textOf(err) });
    });
  });
  return { child, ended };
}

function textOf(chunks: readonly Buffer[]): string {
  return Buffer.concat(chunks).toString('utf8');
}

/** Runs `sealift ARGS` to its end. */
export function sealift(args: readonly string[], options: RunOptions = {}): Promise<Ran> {
  return start(args, options).ended;
}
