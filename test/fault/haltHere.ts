/**
 * Loaded into a command before all else: the command halts at one of its changes to the disk, says
 * that it has, and goes on when it is told to, or is killed. See `barrier.ts`.
 */

import fs from 'node:fs';
import { join } from 'node:path';
import { syncBuiltinESMExports } from 'node:module';
import { isMainThread } from 'node:worker_threads';

const folder = process.env['HALT_FOLDER'] ?? '';
let number = Number(process.env['HALT_NUMBER'] ?? 0);
const past = Number(process.env['HALT_PAST'] ?? 0);
const name = process.env['HALT_NAME'] === undefined ? null : new RegExp(process.env['HALT_NAME']);

const { existsSync, writeFileSync } = fs;
const parent = process.ppid;
const nap = new Int32Array(new SharedArrayBuffer(4));
let changes = 0;
let halted = false;

/** A call names what it changes by its arguments: one path, or two. */
function halt(...args: readonly unknown[]): void {
  changes += 1;
  if (halted) return;
  const isNamed = args.some((arg) => typeof arg === 'string' && name?.test(arg) === true);
  // The place is counted from the first that is named.
  if (isNamed && number === 0) number = changes + past;
  if (changes !== number) return;
  halted = true;
  writeFileSync(join(folder, 'halted'), '');
  // Where the test is gone nobody will say it.
  while (!existsSync(join(folder, 'go')) && process.ppid === parent) Atomics.wait(nap, 0, 0, 2);
}

if (isMainThread) {
  const { mkdirSync, openSync, renameSync, rmdirSync, rmSync, symlinkSync, unlinkSync } = fs;
  const { fsyncSync } = fs;
  Object.assign(fs, {
    mkdirSync: before(mkdirSync),
    openSync: before(openSync),
    renameSync: before(renameSync),
    rmdirSync: before(rmdirSync),
    rmSync: before(rmSync),
    symlinkSync: before(symlinkSync),
    unlinkSync: before(unlinkSync),
    fsyncSync: before(fsyncSync),
  });
  syncBuiltinESMExports();
  process.on('exit', () => {
    writeFileSync(join(folder, 'changes'), String(changes));
  });
}

function before<A extends unknown[], R>(call: (...args: A) => R): (...args: A) => R {
  return (...args) => {
    halt(...args);
    return call(...args);
  };
}
