/** What the answers about the writes of a database mean, and the process that gives them. */

import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

import { readFailure } from '../../disk/errors.ts';
import { Failure } from '../../outcome/failure.ts';
import type { WriteAttempt } from '../writeControl.ts';
import type { WriteAnswer, WriteQuestion } from './writeAnswer.ts';

const LEAST_MS = 30_000;

/** Asks a question, for at most this time in ms. */
export type AskWrites = (question: WriteQuestion, timeoutMs: number) => WriteAnswer;

/** Returns the first 100 bytes of a database, and the number of bytes in its write-ahead log. */
export function probeHeader(
  ask: AskWrites,
  file: string,
  shown: string,
): { readonly header: Buffer; readonly logged: number } {
  const answer = ask({ kind: 'header', file }, LEAST_MS);
  if (answer.kind === 'header') {
    return { header: Buffer.from(answer.header, 'hex'), logged: answer.logged };
  }
  if (answer.kind !== 'failed') throw notTried(shown, 'its answer is not valid');
  throw readFailure(Object.assign(new Error(answer.code), { code: answer.code }), shown);
}

/** Tries to write to a database, in the two ways in which a transaction may begin. */
export function probeWrite(
  ask: AskWrites,
  file: string,
  shown: string,
  lockMs: number,
): WriteAttempt {
  const answer = ask({ kind: 'write', file, lockMs }, LEAST_MS + 2 * lockMs);
  if (answer.kind !== 'write') {
    throw notTried(shown, answer.kind === 'failed' ? answer.code : 'its answer is not valid');
  }
  const { attempts } = answer;
  if (attempts.length > 0 && attempts.every((code) => code === null)) return 'accepted';
  // Not `SQLITE_READONLY_…`: those are about permissions and side files.
  if (attempts.length > 0 && attempts.every((code) => code === 'SQLITE_READONLY')) return 'refused';
  const codes = attempts.map((code) => code ?? 'accepted');
  const other = codes.find((code) => code.startsWith('SQLITE_BUSY'));
  if (other !== undefined) throw lockedOut(shown);
  throw notTried(shown, `SQLite says ${codes.join(', ')}`);
}

/** A lock ends with its process, so that a writer who met one proves nothing. */
function lockedOut(shown: string): Failure {
  return new Failure('SOURCE_LOCKED', {
    what: 'another process holds a lock on the database, so it could not be tried whether writes are refused',
    where: shown,
    hint: 'wait until it has ended, or stop it, then run the same command again',
  });
}

function notTried(shown: string, why: string): Failure {
  return new Failure('SOURCE_WRITES', {
    what: `it could not be tried whether the database can be written, as ${why}`,
    where: shown,
    hint: 'run the same command again; sealift status shows where it stands',
  });
}

/**
 * Asks the process of writeProcess.ts, and waits for its answer: no interrupt comes in between. It
 * gets no environment, which may hold secrets.
 */
export function askProcess(question: WriteQuestion, timeout: number): WriteAnswer {
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  const path = fileURLToPath(new URL(`./writeProcess.${extension}`, import.meta.url));
  const cache = process.env['NODE_COMPILE_CACHE'];
  const { stdout } = spawnSync(process.execPath, [path], {
    input: JSON.stringify(question),
    env: cache === undefined ? {} : { NODE_COMPILE_CACHE: cache },
    stdio: ['pipe', 'pipe', 'ignore'],
    encoding: 'utf8',
    timeout,
    killSignal: 'SIGKILL',
  });
  try {
    return JSON.parse(stdout) as WriteAnswer;
  } catch {
    return { kind: 'failed', code: 'its process ended' };
  }
}
