/** Finds what is live by a link, and what would go live: files, by the ledgers in them and the journal. */

import { basename } from 'node:path';

import { Failure } from '../../outcome/failure.ts';
import { quoteName } from '../../outcome/quoteName.ts';
import type { JournaledSwaps, Placed, SwapEntry } from '../swap.ts';
import { placesBefore } from '../swapHistory.ts';
import { writeStateOf } from './aside.ts';
import { assertFile, readFileLink } from './fileLink.ts';
import { sealIn } from './loadedFile.ts';

export interface FilePlaces {
  readonly now: Placed | null;
  readonly next: Placed | null;
}

/** What a command says of a move. */
export interface FileMove {
  /** Path of the link, absolute. */
  readonly link: string;
  /** Path of `--target`, absolute. */
  readonly file: string;
  /** Seal that is to go live; null for a rollback. */
  readonly sealId: string | null;
  /** Milliseconds to wait for a lock. */
  readonly lockMs: number;
}

/**
 * Finds the places of a move. A promote names the file that is to go live. A rollback goes by the link, so it
 * names the link once more, or the file that is live, or the one that it goes back to.
 * @throws Failure TARGET or USAGE
 */
export function findFiles(move: FileMove, journaled: JournaledSwaps): FilePlaces {
  const { link, sealId, lockMs } = move;
  const live = readFileLink(link);
  const now = live === null ? null : { name: live, sealId: sealIn(live, lockMs) };
  const next = sealId === null ? before(move, now, journaled) : loaded({ ...move, sealId }, now);
  return { now, next };
}

/** Returns the file of a promote; null if it is live. */
function loaded(
  { link, file, sealId, lockMs }: FileMove & { readonly sealId: string },
  now: Placed | null,
): Placed | null {
  if (file === link) throw linkAsFile(link);
  assertFile(file, 'the target is', file);
  if (sealIn(file, lockMs) !== sealId) throw notLoaded(sealId, file);
  if (file === now?.name) return null;
  if (writeStateOf(file) === 'frozen') throw frozen(file);
  return { name: file, sealId };
}

/** Returns the file to which a rollback goes. */
function before(move: FileMove, now: Placed | null, journaled: JournaledSwaps): Placed {
  const { link, file, lockMs } = move;
  const moves = movesThatTookPlace(journaled, now);
  const name = basename(link);
  const last = placesBefore(moves, name).at(-1);
  if (now === null || last === undefined) throw neverMoved(link);
  if (moves.findLast(({ live }) => live === name)?.to.name !== now.name) {
    throw movedByHand(link, now);
  }
  if (![link, now.name, last.name].includes(file)) throw otherFile(file, link, now, last);
  assertFile(last.name, 'what was live before is', last.name);
  if (last.sealId !== null && sealIn(last.name, lockMs) !== last.sealId) throw replaced(last);
  if (writeStateOf(last.name) === 'writable') throw writable(last);
  return last;
}

/** The moves of the journal, with one that was killed after the link had moved. */
function movesThatTookPlace({ done, open }: JournaledSwaps, now: Placed | null): SwapEntry[] {
  const isDone = open !== null && open.to.name === now?.name;
  return isDone ? [...done, open] : [...done];
}

function linkAsFile(link: string): Failure {
  return new Failure('USAGE', {
    what: 'the file that is to go live cannot be the link itself',
    where: link,
    hint: 'name the file that sealift load has filled with --target, and the link with --live',
  });
}

function notLoaded(sealId: string, where: string): Failure {
  return new Failure('TARGET', {
    what: `no load of the seal ${sealId.slice(0, 8)} is complete there`,
    where,
    hint: 'load it with sealift load, then reconcile',
  });
}

function frozen(where: string): Failure {
  return new Failure('TARGET', {
    what: 'the writes of the file are frozen, so that applications could not write to it',
    where,
    hint: 'allow them with sealift unfreeze-writes in the project that has frozen them',
  });
}

function neverMoved(where: string): Failure {
  return new Failure('TARGET', {
    what: 'nothing was live there before, as the journal says',
    where,
    hint: 'promote a candidate',
  });
}

function movedByHand(link: string, { name }: Placed): Failure {
  return new Failure('TARGET', {
    what: 'the link points to a file that no command of this project has made live, so that it does not follow what to go back to',
    where: `${link} → ${name}`,
    hint: 'find out who has changed the link, or promote a candidate',
  });
}

function otherFile(file: string, link: string, now: Placed, last: Placed): Failure {
  return new Failure('USAGE', {
    what: `the file is neither live (${quoteName(now.name)}) nor what was live before (${quoteName(last.name)})`,
    where: file,
    hint: `name the link, sqlite:${link}, or one of these files`,
  });
}

function replaced({ name }: Placed): Failure {
  return new Failure('TARGET', {
    what: 'what was live before does not hold the seal any more that was loaded into it',
    where: name,
    hint: 'find out who changed it, or load and promote a candidate',
  });
}

function writable({ name }: Placed): Failure {
  return new Failure('TARGET', {
    what: 'what was live before has been made writable since, so that it is not known what it holds',
    where: name,
    hint: 'find out who did that; reconcile it, then make it live with sealift promote',
  });
}
