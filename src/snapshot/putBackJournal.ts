/**
 * Puts the journal of a snapshot in place of one that is missing, broken, or does not contain it, in
 * one rename, with the line that it was restored. A journal that contains the snapshot's is never
 * replaced, but gets the same line.
 */

import { closeSync, constants, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { makeFolder, PRIVATE_FILE, replaceFile, syncFolder } from '../disk/durable.ts';
import { acquireLockPatiently } from '../disk/lock.ts';
import { openNoLinks } from '../disk/noLinks.ts';
import { membersOf, signed, type JournalEvent } from '../journal/event.ts';
import { appendToJournal, JOURNAL_FILE, type JournalWriter } from '../journal/journal.ts';
import { encodeEntries, parseJournal } from '../journal/line.ts';
import type { JournalState } from './restorePlan.ts';

const PATIENCE_MS = 2000;

interface Restored {
  readonly event: JournalEvent;
  readonly who: string | null;
  readonly writer: JournalWriter;
}

/** `staged` is the file of the snapshot's lines. */
export function putBackJournal(
  folder: string,
  staged: string,
  state: JournalState,
  { event, who, writer }: Restored,
): void {
  if (state === 'kept') {
    appendToJournal(folder, writer, [signed(event, who)]);
    return;
  }
  makeFolder(folder);
  const { command, pid, at } = writer;
  const lock = acquireLockPatiently(folder, { command, pid, since: at }, PATIENCE_MS);
  try {
    const lines = readWhole(staged);
    const journal = parseJournal(lines, staged);
    const added = encodeEntries(journal, [membersOf(signed(event, who))], at);
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
