/**
 * Runs the command line: in this process, or as a process of its own where the process is what is
 * tested. Both get a bare environment, and nothing of the caller's.
 */

import { spawn, type ChildProcess } from 'node:child_process';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';

import type { Host } from '../../src/cli/host.ts';
import { runProgram } from '../../src/cli/program.ts';
import type { Environment } from '../../src/run/environment.ts';
import { COMPILED } from './compiled.ts';
import { INLINE_ADAPTERS, startInline } from './inline.ts';

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

export interface ProcessOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** What the command becomes an argument of: strace, or a shell that sets a mask or a disk up. */
  readonly wrap?: readonly string[];
}

export interface RunOptions extends ProcessOptions {
  /** In a process of its own. Has to be said where `wrap` or `env` are about the process. */
  readonly process?: true;
  /** The clock of the command, which is in this process then. */
  readonly now?: () => Date;
}

/** Has a command run under this umask, as `wrap`. */
export function underUmask(mask: string): string[] {
  return ['sh', '-c', `umask ${mask}; exec "$@"`, 'sh'];
}

function variables(env: Readonly<Record<string, string>> = {}): Record<string, string> {
  const path = process.env['PATH'] ?? '';
  return { PATH: path, TMPDIR: tmpdir(), LC_ALL: 'C', NO_COLOR: '1', ...env };
}

/** Starts `sealift ARGS` as a process. */
export function start(args: readonly string[], options: ProcessOptions = {}): Running {
  const [command, ...before] = [...(options.wrap ?? []), process.execPath] as [string];
  const child = spawn(command, [...before, MAIN, ...args], {
    cwd: options.cwd ?? '/',
    env: { NODE_COMPILE_CACHE: COMPILED, ...variables(options.env) },
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
  const { process: apart, wrap, ...here } = options;
  if (apart === true && here.now !== undefined) throw new Error('a process has its own clock');
  if (apart === true) return start(args, options).ended;
  if (wrap !== undefined) throw new Error('only a process can be wrapped: say `process: true`');
  const run = before.then(() => runHere(args, here));
  before = run.catch(() => {});
  return run;
}

/** The run before the next one: they share the mask of their process, so they follow each other. */
let before: Promise<unknown> = Promise.resolve();

async function runHere(
  args: readonly string[],
  { cwd = '/', env, now }: Pick<RunOptions, 'cwd' | 'env' | 'now'>,
): Promise<Ran> {
  const said = { stdout: '', stderr: '' };
  const all = variables(env);
  const mask = process.umask();
  const host: Host = {
    cwd,
    variables: all,
    temporary: all['TMPDIR'] ?? '/tmp',
    processors: 2,
    pid: process.pid,
    output: {
      text: (text) => (said.stdout += text),
      note: (text) => (said.stderr += text),
      screen: () => null,
      moves: false,
      codeOf: (code) => code,
    },
    umask: (asked) => process.umask(asked),
    // Threads start where somebody has asked for some.
    instead: {
      ...ALONE,
      ...(args.includes('--workers') ? {} : { startWorkers: startInline }),
      ...(now === undefined ? {} : { now }),
    },
  };
  try {
    const code = await runProgram(['node', 'sealift', ...args], host);
    return { code, signal: null, ...said };
  } finally {
    process.umask(mask);
  }
}

/** Starts no process, and never ends that of the tests. */
const ALONE: Partial<Environment> = {
  adapters: INLINE_ADAPTERS,
  runSelf: () => {
    throw new Error('a command that starts itself needs a process: say `process: true`');
  },
  onInterrupt: () => () => {},
  watchMemory: () => () => {},
};
