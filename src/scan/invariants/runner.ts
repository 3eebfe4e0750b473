/** Runs queries in the process for invariants, and ends it if one exceeds its time or memory. */

import { fork, type ChildProcess } from 'node:child_process';
import { closeSync, fstatSync, openSync, readFileSync, readSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import type { Answer, Question } from './process.ts';

/** Bytes of the process; SQLite itself does not limit the memory of a query. */
const MAX_MEMORY = 2 ** 30;
const POLL_MS = 50;

export interface InvariantRunner {
  /** Returns the ordinals of a query's one column, NaN for null; or the reason why it failed. */
  run(query: string, asOf: string | null): Promise<Iterable<number> | { readonly reason: string }>;
  close(): void;
}

/** Creates a runner over the SQLite file `database`; writes temporary files to `scratch`. */
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
      // The process may still be running the query.
      close();
      return reply;
    },
    close,
  };
}

/** Starts the process without our environment, which may contain secrets, except folders for files. */
function start(scratch: string): ChildProcess {
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  const cache = process.env['NODE_COMPILE_CACHE'];
  return fork(new URL(`./process.${extension}`, import.meta.url), {
    env: {
      SQLITE_TMPDIR: scratch,
      ...(cache === undefined ? {} : { NODE_COMPILE_CACHE: cache }),
    },
    execArgv: [],
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  });
}

function ask(child: ChildProcess, question: Question, seconds: number): Promise<Answer> {
  return new Promise((resolve) => {
    const finish = (answer: Answer): void => {
      clearTimeout(timer);
      clearInterval(watch);
      child.off('message', finish);
      child.off('exit', onEnd);
      child.off('error', onEnd);
      resolve(answer);
    };
    const onEnd = (): void => {
      finish({ reason: 'its process ended' });
    };
    const timer = setTimeout(() => {
      finish({ reason: `it took longer than ${seconds} seconds` });
    }, seconds * 1000);
    const watch = setInterval(() => {
      if (residentBytes(child) <= MAX_MEMORY) return;
      finish({ reason: 'it took more than 1 GiB of memory' });
    }, POLL_MS);
    child.on('message', finish);
    child.on('exit', onEnd);
    child.on('error', onEnd);
    child.send(question);
  });
}

/** Returns the resident bytes of a process; 0 if the system does not show them. */
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
