/**
 * Notes when the command it is loaded into takes a lock and when it gives it back, a line each, in the file
 * LOCK_LOG. `enter` is written when the lock is held already and `leave` while it still is, so that two
 * stretches in the log overlap only where two really held it; the work of a holder lies between the two.
 */

import { appendFileSync } from 'node:fs';
import { dirname } from 'node:path';

import Database from 'better-sqlite3';

const log = process.env['LOCK_LOG'] ?? '';
const held = new WeakMap<object, string>();
const original: {
  readonly exec: (this: Database.Database, sql: string) => Database.Database;
  readonly close: (this: Database.Database) => Database.Database;
} = Database.prototype;
const { exec, close } = original;

function note(event: 'enter' | 'leave', folder: string): void {
  appendFileSync(log, `${event} ${process.pid} ${folder}\n`);
}

Database.prototype.exec = function execNoted(sql) {
  exec.call(this, sql);
  if (sql === 'BEGIN EXCLUSIVE') {
    held.set(this, dirname(this.name));
    note('enter', dirname(this.name));
  }
  return this;
};

Database.prototype.close = function closeNoted() {
  const folder = held.get(this);
  if (folder !== undefined) note('leave', folder);
  held.delete(this);
  return close.call(this);
};
