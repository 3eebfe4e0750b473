/**
 * Programs, without a shell. Each is a group of processes of its own, so that all that it has started ends
 * with it: when the signal aborts, the group gets SIGTERM, and SIGKILL a while later.
 *
 * Promises: a program gets the variables that it names, and those that every program needs. Their values are
 * known to the redactor before it starts. Its outputs are redacted as they come, and take bounded memory and disk.
 */

import { spawn, type ChildProcess } from 'node:child_process';
import { accessSync, constants, statSync } from 'node:fs';
import { join, resolve } from 'node:path';

import { systemCode } from '../../disk/errors.ts';
import { Failure } from '../../outcome/failure.ts';
import { quoteName } from '../../outcome/quoteName.ts';
import type { RunArtifacts } from './artifacts.ts';
import { boundedOutput } from './boundedOutput.ts';
import { markRunning, type RunningMark } from './runningPrograms.ts';
import { variableValue, type Variables } from './inputs.ts';
import type { StreamRedactor } from '../../redact/redactor.ts';
import type { ProgramCall, ProgramEnd, ProgramState, World } from './world.ts';

/** What programs are run with. */
export interface ProgramPlace {
  /** Their working folder: that of the runbook. */
  readonly folder: string;
  readonly variables: Variables;
  readonly redactor: StreamRedactor;
  readonly artifacts: RunArtifacts;
  /** Of this process. */
  readonly pid: number;
  /** Milliseconds from SIGTERM to SIGKILL; 5000 if left out. */
  readonly killAfter?: number;
}

/** How Sealift runs itself. */
export interface SealiftPlace extends ProgramPlace {
  /** Program and first arguments that are Sealift, such as those of node and of its main file. */
  readonly argv: readonly string[];
  /** Folder of the project, absolute. */
  readonly project: string;
}

/** Variables that every program gets. */
const USUAL = /^(?:PATH|HOME|LANG|LC_[A-Z]+|TZ)$/;
const KILL_AFTER = 5000;
/** Milliseconds without output after which the end of a program is not waited for by those that it left. */
const SILENCE = 1000;

/** Returns how programs are run, and found. */
export function programsOf(place: ProgramPlace): Pick<World, 'run' | 'programState'> {
  return {
    run: (call) => run(call, variablesFor(call, place), place),
    programState: (program) => stateOf(program, place),
  };
}

/**
 * Returns how commands of Sealift are run: as a process of its own on this project, with all variables, as
 * their names are in the project. It takes the locks that it needs itself.
 */
export function sealiftOf(place: SealiftPlace): World['runSealift'] {
  return (args, call) => {
    const argv = [...place.argv, ...args, '--project', place.project];
    return run({ ...call, argv, env: [] }, place.variables, place);
  };
}

function variablesFor(call: ProgramCall, { variables, redactor }: ProgramPlace): Variables {
  const usual = Object.entries(variables).filter(([name]) => USUAL.test(name));
  const named = call.env.flatMap((name) => {
    const value = USUAL.test(name) ? null : variableValue(variables, name);
    return value === null ? [] : [[name, value] as const];
  });
  const given = [...named, ...Object.entries(call.secretEnv ?? {})];
  for (const [name, value] of given) redactor.add(name, value);
  return Object.fromEntries([...usual, ...given]);
}

async function run(call: ProgramCall, env: Variables, place: ProgramPlace): Promise<ProgramEnd> {
  const { signal, keepAs, onStdout } = call;
  signal.throwIfAborted();
  const mark = markRunning(place.artifacts.folder, place.pid);
  const child = start(call, env, place.folder, mark);
  const ending = followed(child, place.killAfter ?? KILL_AFTER);
  const abort = (): void => ending.stop();
  signal.addEventListener('abort', abort, { once: true });
  const sinks = (['stdout', 'stderr'] as const).map((name) => {
    const output = boundedOutput(
      keepAs === null ? null : () => place.artifacts.begin(`${keepAs}.${name}`),
    );
    const redacted = place.redactor.stream();
    const take = (bytes: Buffer): void => {
      if (bytes.length > 0) output.write(bytes);
      if (name === 'stdout' && bytes.length > 0) onStdout?.(bytes);
    };
    child[name]?.on('data', (chunk: Buffer) => ending.reading(() => take(redacted.push(chunk))));
    return { rest: () => take(redacted.end()), output };
  });
  // A program that ends without reading its input is judged by its exit code.
  child.stdin?.on('error', () => {}).end(call.input);
  try {
    const end = await ending.wait();
    const [stdout = '', stderr = ''] = sinks.map(({ rest, output }) => {
      rest();
      return output.end();
    });
    signal.throwIfAborted();
    return { ...end, stdout, stderr };
  } catch (error) {
    for (const { output } of sinks) output.close();
    throw startFailure(error, call.argv[0] ?? '');
  } finally {
    mark.ended();
    signal.removeEventListener('abort', abort);
  }
}

function start(
  { argv, input }: ProgramCall,
  env: Variables,
  folder: string,
  mark: RunningMark,
): ChildProcess {
  const [program = '', ...args] = argv;
  try {
    return spawn(program, args, {
      cwd: folder,
      env: { ...env },
      detached: true,
      stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe', mark.descriptor],
    });
  } catch (error) {
    mark.ended();
    throw startFailure(error, program);
  } finally {
    mark.inherited();
  }
}

const REASONS: ReadonlyMap<string, string> = new Map([
  ['ENOENT', 'there is no such program, or no interpreter of it'],
  ['ENOTDIR', 'there is no such program'],
  ['EACCES', 'the program cannot be executed by this user'],
  ['ENOEXEC', 'the program has no form that this machine executes'],
  ['E2BIG', 'the arguments and variables of a program are too long'],
  ['ERR_INVALID_ARG_VALUE', 'a program, argument or variable has a NUL character, or is empty'],
]);

/** Turns the error of a program that did not start into a failure; returns others unchanged. */
function startFailure(error: unknown, program: string): unknown {
  const what = REASONS.get((error as NodeJS.ErrnoException).code ?? '');
  if (what === undefined || error instanceof Failure) return error;
  const hint = 'install it, or correct the runbook';
  return new Failure('UNSUPPORTED', { what, where: quoteName(program), hint, cause: error });
}

type End = Pick<ProgramEnd, 'code' | 'endedBy'>;

/** A process on its way to its end. */
interface Followed {
  /** Handles output; if that fails, the group is ended. */
  reading(handle: () => void): void;
  stop(): void;
  wait(): Promise<End>;
}

function followed(child: ChildProcess, killAfter: number): Followed {
  const exited = new Promise<End>((done, fail) => {
    child.once('error', fail);
    child.once('exit', (code, endedBy) => done({ code, endedBy }));
  });
  const closed = new Promise<void>((done) => void child.once('close', () => done()));
  const closeOutputs = (): void => {
    child.stdout?.destroy();
    child.stderr?.destroy();
  };
  let chunks = 0;
  const faults: unknown[] = [];
  let stopped: Promise<void> | null = null;
  const stop = (): void => {
    if (child.pid !== undefined) stopped ??= endGroup(child.pid, killAfter).then(closeOutputs);
  };
  return {
    stop,
    reading(handle) {
      chunks += 1;
      try {
        if (faults.length === 0) handle();
      } catch (error) {
        faults.push(error);
        stop();
      }
    },
    async wait() {
      const end = await exited;
      // What it has started and left may keep its outputs open.
      let before = -1;
      const timer = setInterval(() => {
        if (chunks === before) closeOutputs();
        before = chunks;
      }, SILENCE);
      await closed;
      clearInterval(timer);
      await stopped;
      if (faults.length > 0) throw faults[0];
      return end;
    },
  };
}

/** Milliseconds between two looks whether a group has ended. */
const LOOK = 20;

/** Ends all processes of a group. */
async function endGroup(leader: number, killAfter: number): Promise<void> {
  signalGroup(leader, 'SIGTERM');
  for (let waited = 0; waited < killAfter && signalGroup(leader, 0); waited += LOOK) {
    await new Promise((done) => setTimeout(done, LOOK));
  }
  signalGroup(leader, 'SIGKILL');
}

/** Returns whether there is such a group. */
function signalGroup(leader: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(-leader, signal);
  } catch (error) {
    if (systemCode(error) === 'ESRCH') return false;
    // Of a group of other users, as of sudo, that cannot be signalled.
    if (systemCode(error) === 'EPERM') return true;
    throw error;
  }
}

/** Whether a program would start, found as the system finds it. */
function stateOf(program: string, { folder, variables }: ProgramPlace): ProgramState {
  const folders = program.includes('/') ? [''] : (variables['PATH'] ?? '').split(':');
  let state: ProgramState = 'missing';
  for (const one of folders) {
    const path = resolve(folder, join(one, program));
    try {
      if (!statSync(path).isFile()) continue;
      state = 'not executable';
      accessSync(path, constants.X_OK);
      return 'there';
    } catch (error) {
      if (systemCode(error) === null) return 'missing';
    }
  }
  return state;
}
