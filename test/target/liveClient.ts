/**
 * An application that writes to a database until it is told to stop: with one connection that it keeps open,
 * or with a new one for each row. Each line of its output is `ok` and the id of a row that was acknowledged,
 * or an error of SQLite.
 *
 * Arguments: path, prefix of the ids, `keep` or `reopen`, milliseconds between two rows. It begins at the first
 * byte of its input, and stops at the end of it.
 */

import { once } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';

import Database from 'better-sqlite3';

const [file = '', prefix = '', how = '', pause = '0'] = process.argv.slice(2);
const INSERT = `INSERT INTO visits (id, day, note) VALUES (?, '2026-01-01', 'written')`;

const stop = new AbortController();
const begun = Promise.race([once(process.stdin, 'data'), once(process.stdin, 'end')]);
process.stdin.on('end', () => {
  stop.abort();
});

function open(): Database.Database {
  return new Database(file, { fileMustExist: true, timeout: 5 });
}

function write(db: Database.Database, id: string): string {
  try {
    db.prepare(INSERT).run(id);
    return `ok ${id}`;
  } catch (error) {
    return (error as { code?: string }).code ?? String(error);
  }
}

const kept = how === 'keep' ? open() : null;
// Has read the header, as one that was at work for long.
kept?.prepare('SELECT count(*) FROM visits').get();
process.stdout.write('ready\n');
await begun;
for (let row = 0; !stop.signal.aborted; row += 1) {
  const db = kept ?? open();
  process.stdout.write(`${write(db, `${prefix}${row}`)}\n`);
  if (kept === null) db.close();
  await wait(Number(pause));
}
kept?.close();
