/**
 * Puts the journal of a snapshot in place of one that is missing, broken, or does not contain it, in
 * one rename, with the line that it was restored.
 */

import { closeSync, constants, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { makeFolder, PRIVATE_FILE, replaceFile, syncFolder } from '../disk/durable.ts';
import { acquireLockPatiently } from '../disk/lock.ts';
import { openNoLinks } from '../disk/noLinks.ts';
import { membersOf, type SignedEvent } from '../journal/event.ts';
import { JOURNAL_FILE, type JournalWriter } from '../journal/journal.ts';
import { encodeEntries, parseJournal } from '../journal/line.ts';

/** Time to wait for the journal's lock; appending takes a fraction of it. */
const PATIENCE_MS = 2000;

/** `staged` is the file of the snapshot's lines, which have been verified. */
export function replaceJournal(
  folder: string,
  staged: string,
  { command, pid, at }: JournalWriter,
  event: SignedEvent,
): void {
  makeFolder(folder);
  const lock = acquireLockPatiently(folder, { command, pid, since: at }, PATIENCE_MS);
  try {
    const lines = readWhole(staged);
    const added = encodeEntries(parseJournal(lines, staged), [membersOf(event)], at);
    replaceFile(join(folder, JOURNAL_FILE), [lines, added], PRIVATE_FILE);
    syncFolder(folder);
  } finally {
    lock.release();
  }
}

function readWhole(path: string): Buffer {
  const file = openNoLinks(path, constants.O_RDONLY);
  try {
    return readFileSync(file);
  } finally {
    closeSync(file);
  }
}
