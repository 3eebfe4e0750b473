/**
 * Moves the link from one file to another. Clients keep the file open that they have, and would go on writing
 * to it after the link has moved: so its writes are frozen first, and it is compared with what was seen
 * once no writer can come. What goes live can be written only after the link has moved: until then, whatever is
 * written is in what is live, or refused.
 *
 * The steps and what a kill between them leaves:
 *   1. what is live is put aside         → it is live and refuses writes, which the next command puts right
 *   2. the link is moved                 → what is live may be aside, which the next command puts right
 *   3. what goes live is brought back, if it was aside
 */

import { basename } from 'node:path';

import { Failure } from '../../outcome/failure.ts';
import type { PlaceChanges, SwapOrder } from '../swap.ts';
import type { Outside } from '../target.ts';
import { bringBack, digestOf, digestWithoutLog, putAside } from './aside.ts';
import { pointFileLink, readFileLink } from './fileLink.ts';
import { tablesWithRows } from './loadedFile.ts';

/** What a caller makes of differences; throws where they are not to be accepted. */
export type AssertUnchanged = (which: 'to' | 'from', changes: Omit<PlaceChanges, 'tookMs'>) => void;

export interface MovedLink {
  readonly link: string;
  readonly assertUnchanged: AssertUnchanged;
  /** Told how to undo what was done so far, for an interrupt; null once nothing is to be undone. */
  readonly undoBy: (undo: (() => void) | null) => void;
}

type Clock = Pick<Outside, 'now' | 'signal' | 'connectMs'>;

/** Moves the link. @throws Failure; nothing was changed then, unless the link points to the new file */
export async function swapFiles(moved: MovedLink, order: SwapOrder, clock: Clock): Promise<void> {
  const { to, toSeen, from, waitMs } = order;
  const { link, assertUnchanged, undoBy } = moved;
  const until = clock.now().getTime() + waitMs;
  const left = (): number => Math.max(0, until - clock.now().getTime());
  if (toSeen !== null) assertUnchanged('to', await fileChanges(to.name, toSeen, clock));
  const undo = (): void => {
    if (from !== null && readFileLink(link) !== to.name) bringBack(from.name, waitMs);
  };
  undoBy(undo);
  try {
    if (from !== null) await stopWrites(from.name, order, left, moved, clock);
    assertStillLive(link, from?.name ?? null);
    pointFileLink(link, to.name);
  } catch (error) {
    undone(undo, link, error);
    throw error;
  } finally {
    undoBy(null);
  }
  bringBack(to.name, left());
}

/** @throws Failure TARGET if what is live cannot be written as before; the next command tries again */
function undone(undo: () => void, where: string, cause: unknown): void {
  try {
    undo();
  } catch {
    throw new Failure('TARGET', {
      what: 'the move was given up, but what is live still refuses writes, as another process is using it',
      where,
      hint: 'run the same command again at once: it first lets what is live be written',
      cause,
    });
  }
}

/** Puts what is live aside, and compares it. */
async function stopWrites(
  file: string,
  { fromSeen, lossAccepted }: SwapOrder,
  left: () => number,
  { assertUnchanged }: MovedLink,
  clock: Clock,
): Promise<void> {
  if (lossAccepted) {
    putAside(file, left());
    return;
  }
  const { signal } = clock;
  const seen = fromSeen === null ? null : await digestWithoutLog(file, fromSeen, left(), signal);
  if (fromSeen !== null && seen === null) assertUnchanged('from', OTHER);
  putAside(file, left());
  assertUnchanged('from', await fileChanges(file, seen, clock));
}

const OTHER: Omit<PlaceChanges, 'tookMs'> = { isOther: true, tables: [], unsealed: [] };

/** Compares a file with what was seen of it; null: with nothing, so that no table may have rows. */
export async function fileChanges(
  file: string,
  seen: string | null,
  { signal, connectMs }: Pick<Outside, 'signal' | 'connectMs'>,
): Promise<Omit<PlaceChanges, 'tookMs'>> {
  const isOther = seen !== null && (await digestOf(file, signal)) !== seen;
  signal.throwIfAborted();
  const unsealed = tablesWithRows(file, connectMs, seen === null ? 'none' : 'seal');
  return { isOther, tables: [], unsealed };
}

/** The lock of the link keeps other commands away, and no one else. */
function assertStillLive(link: string, file: string | null): void {
  if (readFileLink(link) === file) return;
  throw new Failure('TARGET', {
    what: `the link ${JSON.stringify(basename(link))} was changed meanwhile; it was left as it is`,
    where: link,
    hint: 'find out who has changed it, then run again',
  });
}
