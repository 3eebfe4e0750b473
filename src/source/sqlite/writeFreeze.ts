/**
 * Freezes the writes of a SQLite database by its header (sqlite/headerSwitch.ts), and allows them
 * again. Readers go on.
 */

import Database from 'better-sqlite3';

import { diskFailure, isForbidden, systemCode } from '../../disk/errors.ts';
import { Failure } from '../../outcome/failure.ts';
import { FROZEN_SOURCE, headerFound, writableHeader } from '../../sqlite/frozenHeader.ts';
import {
  allowWrites,
  freezeHeader,
  headerIn,
  HeaderKept,
  isBusy,
  openHeader,
  type HeaderFile,
} from '../../sqlite/headerSwitch.ts';
import { pathOf } from '../files/path.ts';
import type { WriteControl } from '../writeControl.ts';
import { assertDatabase, resolveFile } from './access.ts';
import { asFailure, sqliteCode } from './connection.ts';
import { isHot, sideFileNotes } from './sideFiles.ts';
import { askProcess, probeHeader, probeWrite, type AskWrites } from './writeProbe.ts';

/** Controls the writes of a database; `ask` asks about them in another process. */
export function writesAskedBy(ask: AskWrites): WriteControl {
  return {
    proof: {
      refused: 'another process tried to write and was refused',
      accepted: 'another process tried to write and could',
    },
    async state(location, before) {
      const shown = pathOf(location);
      const { header, logged } = probeHeader(ask, resolveFile(shown), shown);
      assertDatabase(header, shown);
      return headerFound(header, logged, before, FROZEN_SOURCE);
    },
    async freeze(location, before, intend, { timeouts }) {
      const shown = pathOf(location);
      const { lockMs } = timeouts;
      onDatabase(shown, (database) => {
        assertOwnFiles(database, shown, lockMs);
        freezeHeader(database, FROZEN_SOURCE, lockMs, before, intend);
      });
      return {};
    },
    async unfreeze(location, before, { timeouts }) {
      const shown = pathOf(location);
      onDatabase(shown, (database) => {
        allowWrites(database, timeouts.lockMs, (header, logged) => {
          const found = headerFound(header, logged, before, FROZEN_SOURCE);
          if (found.kind === 'frozen' || found.kind === 'unfinished') {
            return writableHeader(Buffer.from(before, 'hex'));
          }
          const why = found.kind === 'other' ? found.why : 'it can be written already';
          throw new HeaderKept(why);
        });
      });
    },
    async tryWrite(location, { timeouts }) {
      const shown = pathOf(location);
      return probeWrite(ask, resolveFile(shown), shown, timeouts.lockMs);
    },
  };
}

export const sqliteWrites: WriteControl = writesAskedBy(askProcess);

function onDatabase(shown: string, work: (database: HeaderFile) => void): void {
  try {
    const database = openHeader(resolveFile(shown));
    try {
      work(database);
    } finally {
      database.close();
    }
  } catch (error) {
    throw failureOf(error, shown);
  }
}

/** Rejects journals of another database, and one that a killed writer left to be undone. */
function assertOwnFiles({ file, fd }: HeaderFile, shown: string, lockMs: number): void {
  const header = headerIn(fd);
  assertDatabase(header, shown);
  if (header.length === 0) throw empty(shown);
  sideFileNotes(file, header, shown);
  if (!isHot(`${file}-journal`)) return;
  // A journal of a living writer is not in the way of a reader; one that has to be undone is.
  const reader = new Database(file, { readonly: true, fileMustExist: true, timeout: lockMs });
  try {
    reader.prepare('SELECT count(*) FROM sqlite_schema').get();
  } catch (error) {
    throw /^SQLITE_(?:READONLY|CANTOPEN)/.test(sqliteCode(error)) ? unfinished(shown) : error;
  } finally {
    reader.close();
  }
}

function failureOf(error: unknown, shown: string): unknown {
  const code = sqliteCode(error);
  if (isBusy(error)) return inUse(shown);
  if (error instanceof HeaderKept) return refused(shown, error.message);
  if (isForbidden(error) || systemCode(error) === 'EROFS') return notPermitted(shown, error);
  if (/^SQLITE_(?:READONLY|CANTOPEN)/.test(code)) return notPermitted(shown, error);
  return code === '' ? diskFailure(error, shown) : asFailure(error, shown, null);
}

function inUse(shown: string): Failure {
  return new Failure('SOURCE_LOCKED', {
    what: 'another process is using the database, which must be at rest for a moment',
    where: shown,
    hint: 'wait until it has finished, or stop it, then run the same command again',
  });
}

function notPermitted(shown: string, cause: unknown): Failure {
  return new Failure('SOURCE_WRITES', {
    what: 'this user may not write to the database or its folder',
    where: shown,
    hint: 'run the command as the owner of the database',
    cause,
  });
}

function unfinished(shown: string): Failure {
  return new Failure('SOURCE_WRITES', {
    what: 'a writer was killed and left a transaction that is to be undone',
    where: shown,
    hint: 'open the database once with its application, which undoes it, then run the same command again',
  });
}

function empty(shown: string): Failure {
  return new Failure('SOURCE_WRITES', {
    what: 'an empty file has no header that could refuse writes',
    where: shown,
    hint: 'check that it is the right file, or let its application write its tables first',
  });
}

function refused(shown: string, why: string): Failure {
  return new Failure('SOURCE_WRITES', {
    what: `the header of the database was not touched, as ${why}`,
    where: shown,
    hint: 'find out what changed the file; sealift status shows what the journal says',
  });
}
