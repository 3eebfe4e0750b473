/**
 * A client of a SQLite database for steps. The database is opened in a process of its own, which is killed
 * when the signal aborts: a transaction that was open is undone by the next that opens the file.
 */

import { fork, type ChildProcess } from 'node:child_process';

import { Failure } from '../../outcome/failure.ts';
import { sqliteFailure } from './sqlErrors.ts';
import { tooMany } from './sqlPostgres.ts';
import type { RefusalCode, SqliteAnswer, SqliteQuestion } from './sqliteProcess.ts';
import type { SqlClient, SqlOptions } from './world.ts';

const REFUSALS: Readonly<Record<RefusalCode, string>> = {
  NO_FILE: 'there is no such file',
  NOT_QUERY: 'it is no query, or it would write',
  SEVERAL: 'it is more than one statement',
};

const LOCK_MS = 10_000;
const MOST = 1000;

/** Opens a client. @throws Failure USAGE, TARGET or BUSY, or the reason of the signal */
export async function openSqlite(
  file: string,
  { readOnly, signal, database }: SqlOptions,
): Promise<SqlClient> {
  signal.throwIfAborted();
  if (database !== undefined) throw new TypeError('a file of SQLite is one database');
  const child = start();
  const kill = (): void => {
    child.kill('SIGKILL');
  };
  signal.addEventListener('abort', kill, { once: true });
  const ask = async (question: SqliteQuestion, where = file): Promise<SqliteAnswer> => {
    signal.throwIfAborted();
    const answer = await answerOf(child, question);
    signal.throwIfAborted();
    if (answer.kind === 'failed') throw failureOf(answer, where);
    return answer;
  };
  const client = clientOf(file, readOnly, ask, () => {
    signal.removeEventListener('abort', kill);
    kill();
  });
  try {
    await ask({ kind: 'open', file, readOnly, lockMs: LOCK_MS });
    return client;
  } catch (error) {
    await client.close();
    throw error;
  }
}

type Ask = (question: SqliteQuestion, where?: string) => Promise<SqliteAnswer>;
type Rows = SqliteAnswer & { kind: 'rows' };

function clientOf(file: string, readOnly: boolean, ask: Ask, stop: () => void): SqlClient {
  let inside = false;
  const begin = async (): Promise<void> => {
    await ask({ kind: 'begin' });
    inside = true;
  };
  const end = async (how: 'commit' | 'rollback'): Promise<void> => {
    inside = false;
    await ask({ kind: how });
  };
  return {
    dialect: 'sqlite',
    label: file,
    async query(sql, parameters = [], most = MOST) {
      const found = (await ask({ kind: 'query', sql, parameters, most })) as Rows;
      if (found.more) throw tooMany(most, file);
      return { columns: found.columns, rows: found.rows };
    },
    async *pages(sql) {
      let found = (await ask({ kind: 'page', sql })) as Rows;
      for (let first = true; ; first = false) {
        if (first || found.rows.length > 0) yield { columns: found.columns, rows: found.rows };
        if (!found.more) return;
        found = (await ask({ kind: 'page', sql: null })) as Rows;
      }
    },
    async script(sql, where = file) {
      if (readOnly) throw new TypeError('a client that only reads runs no script');
      await ask({ kind: 'script', sql }, where);
    },
    async transaction(work) {
      if (inside) throw new TypeError('a transaction in a transaction');
      await begin();
      try {
        const result = await work();
        await end(readOnly ? 'rollback' : 'commit');
        return result;
      } catch (error) {
        await end('rollback').catch(() => {});
        throw error;
      }
    },
    async copyTo(path) {
      await ask({ kind: 'copy', path });
    },
    async close() {
      stop();
    },
  };
}

/** Starts the process without the environment, which may hold secrets. */
function start(): ChildProcess {
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  const cache = process.env['NODE_COMPILE_CACHE'];
  const temporary = process.env['TMPDIR'];
  return fork(new URL(`./sqliteProcess.${extension}`, import.meta.url), {
    env: {
      ...(temporary === undefined ? {} : { TMPDIR: temporary }),
      ...(cache === undefined ? {} : { NODE_COMPILE_CACHE: cache }),
    },
    execArgv: [],
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    serialization: 'advanced',
  });
}

const ENDED: SqliteAnswer = { kind: 'failed', code: 'ENDED', line: null };

function answerOf(child: ChildProcess, question: SqliteQuestion): Promise<SqliteAnswer> {
  return new Promise((resolve) => {
    const finish = (answer: SqliteAnswer): void => {
      child.off('message', finish);
      child.off('exit', onEnd);
      child.off('error', onEnd);
      resolve(answer);
    };
    const onEnd = (): void => {
      finish(ENDED);
    };
    child.on('message', finish);
    child.on('exit', onEnd);
    child.on('error', onEnd);
    if (!child.connected) onEnd();
    // If sending fails, the end of the process is told.
    else child.send(question, () => {});
  });
}

function failureOf({ code, line }: SqliteAnswer & { kind: 'failed' }, where: string): Failure {
  if (code === 'ENDED') {
    return new Failure('TARGET', {
      what: 'the process that has the database open has ended',
      where,
      hint: 'check the memory of this machine, then run again',
    });
  }
  const own = Object.hasOwn(REFUSALS, code) ? REFUSALS[code as RefusalCode] : null;
  if (own === null) return sqliteFailure(code, where, line);
  return new Failure('USAGE', { what: own, where, hint: 'correct it in the runbook' });
}
