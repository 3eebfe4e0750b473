/** Runs queries in the process for invariants, and ends it where a query takes too long. */

import { fork, type ChildProcess } from 'node:child_process';
import { closeSync, fstatSync, openSync, readFileSync, readSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import type { Answer, Question } from './process.ts';

/** SQLite gives a query all that it asks for. */
const MOST_MEMORY = 2 ** 30;
const LOOK_MS = 50;

export interface InvariantRunner {
  /** The ordinals of a query's one column, as they come, NaN for null; or why it did not run. */
  run(query: string, asOf: string | null): Promise<Iterable<number> | { readonly reason: string }>;
  close(): void;
}

/** A runner over the SQLite file `database`; answers and temporary files go to `scratch`. */
export function invariantRunner(
  database: string,
  scratch: string,
  seconds: number,
): InvariantRunner {
  let child: ChildProcess | null = null;
  const answer = join(scratch, 'invariant.answer');
  const close = (): void => {
    child?.kill('SIGKILL');
    child = null;
    rmSync(answer, { force: true });
  };
  return {
    async run(query, asOf) {
      rmSync(answer, { force: true });
      child ??= start(scratch);
      const reply = await ask(child, { database, query, asOf, answer }, seconds);
      if ('done' in reply) return ordinalsIn(answer);
      // It may be in the middle of something.
      close();
      return reply;
    },
    close,
  };
}

/** It gets nothing of our environment, where secrets may be, but a place for temporary files. */
function start(scratch: string): ChildProcess {
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  return fork(new URL(`./process.${extension}`, import.meta.url), {
    env: { SQLITE_TMPDIR: scratch },
    execArgv: [],
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  });
}

function ask(child: ChildProcess, question: Question, seconds: number): Promise<Answer> {
  return new Promise((resolve) => {
    const settle = (answer: Answer): void => {
      clearTimeout(timer);
      clearInterval(watch);
      child.off('message', settle);
      child.off('exit', onEnd);
      child.off('error', onEnd);
      resolve(answer);
    };
    const onEnd = (): void => {
      settle({ reason: 'its process ended' });
    };
    const timer = setTimeout(() => {
      settle({ reason: `it took longer than ${seconds} seconds` });
    }, seconds * 1000);
    const watch = setInterval(() => {
      if (residentBytes(child) <= MOST_MEMORY) return;
      settle({ reason: 'it took more than 1 GiB of memory' });
    }, LOOK_MS);
    child.on('message', settle);
    child.on('exit', onEnd);
    child.on('error', onEnd);
    child.send(question);
  });
}

/** What a process holds in memory; 0 where the system does not show it. */
function residentBytes({ pid }: ChildProcess): number {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'latin1');
    return Number(/^VmRSS:\s*(\d+) kB$/m.exec(status)?.[1] ?? 0) * 1024;
  } catch {
    return 0;
  }
}

function* ordinalsIn(path: string): Generator<number> {
  const file = openSync(path, 'r');
  try {
    const size = fstatSync(file).size;
    const chunk = Buffer.alloc(64 * 1024);
    for (let at = 0; at < size;) {
      const read = readSync(file, chunk, 0, chunk.length, at);
      for (let offset = 0; offset + 8 <= read; offset += 8) yield chunk.readDoubleLE(offset);
      at += read;
    }
  } finally {
    closeSync(file);
  }
}
