/** A world for the steps on databases: real databases, programs and files; inputs and the run by name. */

import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

import type {
  DoneStep,
  Kept,
  Members,
  StepResult,
  StepType,
  StepWork,
} from '../../../src/cutover/steps/stepType.ts';
import { sqlOpener } from '../../../src/cutover/world/sqlClient.ts';
import type { ProgramCall, ProgramEnd, World } from '../../../src/cutover/world/world.ts';
import { Failure } from '../../../src/outcome/failure.ts';

export interface TestWorld extends World {
  /** Arguments of the programs that were run. */
  readonly ran: string[][];
  /** Outputs that were kept, by name. */
  readonly outputs: Map<string, string>;
}

export interface WorldParts {
  readonly runId?: string;
  readonly inputs: Readonly<Record<string, string>>;
  /** Folder of the runbook; that of the run is `run` in it. */
  readonly folder: string;
  readonly variables?: Readonly<Record<string, string | undefined>>;
  /** Is called after each program. */
  readonly afterProgram?: (argv: readonly string[]) => Promise<void> | void;
}

const never = (): never => {
  throw new Error('no step on a database does this');
};

/** Makes a world. */
export function databaseWorld(parts: WorldParts): TestWorld {
  const { folder, inputs, variables = {} } = parts;
  const ran: string[][] = [];
  const outputs = new Map<string, string>();
  const artifacts = join(folder, 'run');
  mkdirSync(artifacts, { recursive: true, mode: 0o700 });
  const input = (name: string): string => {
    const value = inputs[name];
    if (value === undefined) throw new Failure('USAGE', { what: `there is no input ${name}` });
    return value;
  };
  return {
    runId: parts.runId ?? 'test-run-1',
    programState: () => 'there',
    now: () => new Date('2026-12-06T03:00:00Z'),
    pause: (ms, signal) =>
      new Promise((resolve, reject) => {
        const timer = setTimeout(resolve, ms);
        signal.addEventListener('abort', () => {
          clearTimeout(timer);
          reject(signal.reason as Error);
        });
      }),
    variables,
    redactor: { add: () => {}, text: (text) => text, bytes: (bytes) => Buffer.from(bytes) },
    input,
    async run(call) {
      ran.push([...call.argv]);
      const end = await runProgram(call);
      await parts.afterProgram?.(call.argv);
      return end;
    },
    runSealift: never,
    request: never,
    openSql: sqlOpener({ input, variables, folder }),
    files: {
      read(path, most) {
        const place = join(folder, path);
        const stat = statSync(place, { throwIfNoEntry: false });
        if (stat === undefined) return null;
        if (stat.size > most) throw new Failure('USAGE', { what: 'too large' });
        return readFileSync(place);
      },
      place: (path) => join(folder, path),
      matching(pattern) {
        const form = new RegExp(
          `^${basename(pattern).replaceAll('.', '\\.').replaceAll('*', '.*')}$`,
        );
        return readdirSync(join(folder, dirname(pattern)))
          .filter((name) => form.test(name))
          .map((name) => join(dirname(pattern), name))
          .sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
      },
    },
    artifacts: {
      folder: artifacts,
      keep(name, bytes) {
        outputs.set(name, Buffer.from(bytes).toString());
        writeFileSync(join(artifacts, name), bytes);
        const sha256 = createHash('sha256').update(bytes).digest('hex');
        return { name, bytes: bytes.length, sha256 };
      },
    },
    ran,
    outputs,
  };
}

async function runProgram({ argv, secretEnv, signal }: ProgramCall): Promise<ProgramEnd> {
  const [program = '', ...args] = argv;
  const { PATH, HOME } = process.env;
  const child = spawn(program, args, { env: { PATH, HOME, ...secretEnv }, stdio: 'pipe' });
  signal.addEventListener('abort', () => child.kill('SIGKILL'));
  const texts = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => (texts[0] += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (texts[1] += chunk.toString()));
  child.stdin.end();
  const [code, endedBy] = await new Promise<[number | null, string | null]>((resolve, reject) => {
    child.on('close', (number, name) => {
      resolve([number, name]);
    });
    child.on('error', (cause) => {
      reject(new Failure('USAGE', { what: 'there is no such program', where: program, cause }));
    });
  });
  signal.throwIfAborted();
  return { code, endedBy, stdout: texts[0] ?? '', stderr: texts[1] ?? '' };
}

export interface Call {
  readonly id?: string;
  readonly input?: string;
  readonly signal?: AbortSignal;
  readonly kept?: Readonly<Record<string, Kept>>;
}

/** What a step has to work with. */
export function workOf(world: World, members: Members, call: Call = {}): StepWork {
  return {
    id: call.id ?? 'step',
    members,
    input: call.input ?? 'db',
    kept: (step) => call.kept?.[step] ?? {},
    knownGood: () => Buffer.from('{}\n'),
    world,
    signal: call.signal ?? new AbortController().signal,
  };
}

/** A type of steps that do something. */
export function doneStep(type: StepType): DoneStep {
  if (type.kind === 'gate') throw new Error('a gate is not done');
  return type;
}

export function seen({ verdict, says }: StepResult): string {
  return `${verdict} ${says}`;
}
