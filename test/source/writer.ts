/**
 * A process with a connection to a database, which runs SQL when it is told to: an application that
 * was at work before its database was frozen. Each line of its input is SQL; each line of its output
 * is `ok`, or SQLite's error code.
 */

import { createInterface } from 'node:readline';

import Database from 'better-sqlite3';

const [file = ''] = process.argv.slice(2);
const db = new Database(file, { fileMustExist: true, timeout: 0 });

function run(sql: string): string {
  try {
    db.exec(sql);
    return 'ok';
  } catch (error) {
    return (error as { code: string }).code;
  }
}

createInterface({ input: process.stdin }).on('line', (sql) => {
  process.stdout.write(`${run(sql)}\n`);
});
