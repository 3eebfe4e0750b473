/** Databases to freeze, and applications that write to them, each in a process of its own. */

import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface, type Interface } from 'node:readline';
import { fileURLToPath } from 'node:url';

import Database from 'better-sqlite3';
import { afterEach } from 'vitest';

const WRITER = fileURLToPath(new URL('./writer.ts', import.meta.url));

export type Mode = 'delete' | 'wal';
export const MODES: readonly Mode[] = ['delete', 'wal'];

export interface Writer {
  /** Runs SQL; `ok`, or SQLite's error code. */
  run(sql: string): Promise<string>;
  /** Ends without a chance to clean up. */
  kill(): Promise<void>;
}

const running = new Set<ChildProcess>();

/** Ends all writers after each test of the file that calls it. */
export function endWriters(): void {
  afterEach(async () => {
    for (const child of running) await kill(child);
  });
}

async function kill(child: ChildProcess): Promise<void> {
  running.delete(child);
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
}

/** Starts an application, as another user where `wrap` says so. */
export async function startWriter(file: string, wrap: readonly string[] = []): Promise<Writer> {
  const [command = process.execPath, ...before] = wrap;
  const args = wrap.length === 0 ? [] : [...before, process.execPath];
  const child = spawn(command, [...args, WRITER, file], {
    cwd: '/',
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  running.add(child);
  const lines: Interface = createInterface({ input: child.stdout });
  const answers = lines[Symbol.asyncIterator]();
  const run = async (sql: string): Promise<string> => {
    child.stdin.write(`${sql}\n`);
    return String((await answers.next()).value);
  };
  await run('SELECT 1');
  return { run, kill: () => kill(child) };
}

/** Writes a database with 100 rows in this mode. */
export function writeRows(file: string, mode: Mode): void {
  const db = new Database(file);
  db.pragma(`journal_mode = ${mode}`);
  db.exec(`CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT NOT NULL);
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100)
    INSERT INTO t SELECT i, 'name ' || i FROM n`);
  db.close();
}

/** What a reader sees: rows, and SQLite's own verdict on the file. */
export function readRows(file: string): { readonly rows: unknown; readonly check: unknown } {
  const db = new Database(file, { fileMustExist: true });
  try {
    const rows = db.prepare('SELECT count(*) FROM t').pluck().get();
    return { rows, check: db.pragma('integrity_check', { simple: true }) };
  } finally {
    db.close();
  }
}
