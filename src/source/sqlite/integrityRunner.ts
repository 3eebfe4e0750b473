/** Runs SQLite's integrity check in a separate process, and ends it if it takes too long. */

import { fork, type ChildProcess } from 'node:child_process';

import { Failure } from '../../outcome/failure.ts';
import type { DamageCheck } from '../damageCheck.ts';
import type { Access } from './connection.ts';
import type { IntegrityAnswer, IntegrityQuestion } from './integrityProcess.ts';

/** A check that reads less than this counts as stuck. */
const LEAST_BYTES_PER_SECOND = 2 ** 20;
const LEAST_SECONDS = 600;
const LARGE = 64 * 2 ** 20;

/**
 * Makes a check of the database of `access`, which has `bytes`. Temporary files go to `scratch`;
 * each step may take `seconds`.
 */
export function integrityCheck(
  access: Access,
  bytes: number,
  scratch: string,
  seconds: number = LEAST_SECONDS + Math.ceil(bytes / LEAST_BYTES_PER_SECOND),
): DamageCheck {
  // Started at once, so that it is ready when the readers are.
  const child = start(scratch);
  const close = (): void => {
    child.kill('SIGKILL');
  };
  const ask = (question: IntegrityQuestion): Promise<IntegrityAnswer> =>
    answerOf(child, question, seconds);
  return {
    async begin() {
      const answer = await ask({ kind: 'begin', access, isLarge: bytes >= LARGE });
      if (answer.kind !== 'begun') throw failureOf(answer, access.shown);
    },
    async run() {
      const answer = await ask({ kind: 'check' });
      if (answer.kind !== 'checked') throw failureOf(answer, access.shown);
      return { unchecked: answer.unchecked };
    },
    close,
  };
}

/** Starts the process without the environment, which may hold secrets, except folders for files. */
function start(scratch: string): ChildProcess {
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  const cache = process.env['NODE_COMPILE_CACHE'];
  return fork(new URL(`./integrityProcess.${extension}`, import.meta.url), {
    env: {
      SQLITE_TMPDIR: scratch,
      ...(cache === undefined ? {} : { NODE_COMPILE_CACHE: cache }),
    },
    execArgv: [],
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  });
}

function answerOf(
  child: ChildProcess,
  question: IntegrityQuestion,
  seconds: number,
): Promise<IntegrityAnswer> {
  return new Promise((resolve) => {
    const finish = (answer: IntegrityAnswer): void => {
      clearTimeout(timer);
      child.off('message', finish);
      child.off('exit', onEnd);
      child.off('error', onEnd);
      resolve(answer);
    };
    const onEnd = (): void => {
      finish({ kind: 'failed', why: 'its process ended' });
    };
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      finish({ kind: 'failed', why: `it took longer than ${seconds} seconds` });
    }, seconds * 1000);
    child.on('message', finish);
    child.on('exit', onEnd);
    child.on('error', onEnd);
    // If sending fails, the end of the process is reported.
    child.send(question, () => {});
  });
}

/** Makes the Failure for a check that found damage, or did not finish. */
export function failureOf(answer: IntegrityAnswer, shown: string): Failure {
  if (answer.kind === 'damaged') {
    return new Failure('SOURCE_FORMAT', {
      what: `the database is damaged, SQLite's integrity check says ${JSON.stringify(answer.says.slice(0, 160))}`,
      where: shown,
      hint:
        "fetch an intact copy, or repair it with sqlite3's .recover (REINDEX if only an index is wrong); " +
        '--skip-integrity-check reads it as it is, which its seal states',
    });
  }
  const why = answer.kind === 'failed' ? answer.why : 'its answer is not valid';
  return new Failure('SOURCE_FORMAT', {
    what: `SQLite's integrity check could not be run, ${why}`,
    where: shown,
    hint: 'run again, or skip the check with --skip-integrity-check, which the seal states',
  });
}
