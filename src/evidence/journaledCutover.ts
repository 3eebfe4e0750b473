/** What a journal says about the cutover to a candidate: its scan, its promotion, who did what. Pure. */

import type { MoveEvent } from '../journal/event.ts';
import type { Journal } from '../journal/line.ts';
import { pointerHistory } from '../journal/pointerHistory.ts';
import { eventOf } from '../journal/readEvent.ts';
import { lastScan, type JournaledScan } from '../journal/scanEntry.ts';
import { sealIdOf } from '../seal/sealedFolders.ts';

export interface Cutover {
  /** The journal up to the line before the last promotion; all of it if there was none. */
  readonly before: Journal;
  /** The last full scan in it. */
  readonly scan: JournaledScan | null;
  /** The intent of the last promotion that was done; null if there was none. */
  readonly promotion: MoveEvent | null;
  /** Who promoted; null if no name was given. */
  readonly who: string | null;
  readonly at: string | null;
  /** Whether the candidate is live at the end of the journal. */
  readonly isLive: boolean;
}

/** Reads the cutover to a candidate. @throws Failure JOURNAL if the journal contradicts itself */
export function cutoverOf(journal: Journal, sealId: string, where: string): Cutover {
  const { live } = pointerHistory(journal, where);
  const isLive = live !== null && sealIdOf(live) === sealId;
  const found = lastPromotion(journal, sealId);
  if (found === null) {
    const none = { promotion: null, who: null, at: null, isLive };
    return { before: journal, scan: lastScan(journal, sealId), ...none };
  }
  const { entries } = journal;
  const entry = entries[found.index];
  const head = entry?.prev ?? journal.head;
  const before = { ...journal, entries: entries.slice(0, found.index), head };
  const who = typeof entry?.who === 'string' ? entry.who : null;
  const at = entry?.at ?? null;
  return { before, scan: lastScan(before, sealId), promotion: found.event, who, at, isLive };
}

/** Returns the last intent of a promotion to the candidate that was done. */
function lastPromotion(
  { entries }: Journal,
  sealId: string,
): { readonly index: number; readonly event: MoveEvent } | null {
  let done = false;
  for (const [index, entry] of [...entries.entries()].toReversed()) {
    const event = eventOf(entry);
    if (event.event !== 'move' || event.move !== 'promote' || sealIdOf(event.to) !== sealId)
      continue;
    if (event.step === 'intended' && done) return { index, event };
    done = event.step === 'done';
  }
  return null;
}
