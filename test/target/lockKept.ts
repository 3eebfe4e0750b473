/** A client in a process of its own that keeps a lock on a database until it is told to let go. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';

const DRIVER: string = createRequire(import.meta.url).resolve('better-sqlite3');

/** What the client writes meanwhile, and commits after some time by itself. */
export interface LateCommit {
  readonly sql: string;
  readonly afterMs: number;
}

/** Begins a writing transaction in another process; a file that is not there is made. */
export async function lockKeptBy(
  file: string,
  lock: 'IMMEDIATE' | 'EXCLUSIVE',
  late: LateCommit | null = null,
): Promise<{ release(): Promise<void> }> {
  const code = `
    const Database = require(${JSON.stringify(DRIVER)});
    const db = new Database(process.argv[1]);
    db.exec('BEGIN ${lock}');
    const late = ${JSON.stringify(late)};
    if (late !== null) {
      db.exec(late.sql);
      setTimeout(() => db.exec('COMMIT'), late.afterMs);
    }
    process.stdout.write('held');
    process.stdin.resume().on('end', () => process.exit());`;
  const child = spawn(process.execPath, ['-e', code, file], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  return {
    async release() {
      const ended = once(child, 'exit');
      child.stdin.end();
      await ended;
    },
  };
}
