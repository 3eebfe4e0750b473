/**
 * A process that wants the lock of FOLDER again and again and notes when it comes and goes, and that it
 * was refused:
 *
 *     node contender.ts FOLDER ROUNDS
 *
 * With ROUNDS 0 it takes the lock, says so, and never gives it back.
 */

import { appendFileSync, writeFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { join } from 'node:path';

import { acquireLock, type Lock } from '../../src/disk/lock.ts';
import { Failure } from '../../src/outcome/failure.ts';

const [, , folder = '', rounds = '0'] = process.argv;
const holder = { command: 'migrate', pid: process.pid, since: '2025-01-31T10:00:00.000Z' };

function tryLock(): Lock | null {
  try {
    return acquireLock(folder, holder);
  } catch (error) {
    if (error instanceof Failure && error.code === 'BUSY') return null;
    throw error;
  }
}

async function main(): Promise<void> {
  const log = join(folder, 'log');
  let [held, refused] = [0, 0];
  while (held < Number(rounds)) {
    const lock = tryLock();
    if (lock === null) {
      refused += 1;
      if (refused === 1) writeFileSync(join(folder, `refused-${process.pid}`), '');
      await wait(1);
      continue;
    }
    appendFileSync(log, `in ${process.pid}\n`);
    await wait(2);
    appendFileSync(log, `out ${process.pid}\n`);
    lock.release();
    held += 1;
    await wait(1);
  }
  process.stdout.write(`${held} ${refused}\n`);
}

if (rounds === '0') {
  const lock = tryLock();
  process.stdout.write(lock === null ? 'refused\n' : 'held\n');
  setInterval(() => lock, 1000);
} else {
  await main();
}
