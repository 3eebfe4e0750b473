/**
 * What has been live, from the journal: which candidate is now, and which ones it could go back to.
 * Promoting puts the candidate that was live on a stack, rolling back takes it from there. Only what
 * a command of Sealift made live can be gone back to. Pure.
 */

import {
  eventOf,
  type JournalEvent,
  type MalformedEvent,
  type Move,
  type MoveEvent,
  type UnknownEvent,
} from './event.ts';
import { broken, type Journal } from './line.ts';
import { sealIdOf } from '../seal/sealedFolders.ts';

export interface PointerHistory {
  /** Name of the candidate that is live; null before the first, or where the link was taken away. */
  readonly live: string | null;
  /** Since when, ISO 8601. */
  readonly since: string | null;
  /** By a command of ours, and not by hand. */
  readonly byCommand: boolean;
  /** What was live before by a command, the oldest first: the last is where rollback goes. */
  readonly before: readonly string[];
  /** A move whose intent is in the journal, but not how it ended. */
  readonly open: { readonly move: Move; readonly to: string; readonly at: string } | null;
}

export const NEVER_LIVE: PointerHistory = {
  live: null,
  since: null,
  byCommand: true,
  before: [],
  open: null,
};

/**
 * Where rollback goes; null where nowhere. A candidate that was promoted again over a link of another
 * hand is on the stack and live: going back to it would be going nowhere.
 */
export function previousOf({ before, live }: PointerHistory): string | null {
  return before.findLast((name) => name !== live) ?? null;
}

/** The history that a journal tells; entries about other things do not count. @throws Failure */
export function pointerHistory(journal: Journal, where: string): PointerHistory {
  let history = NEVER_LIVE;
  for (const entry of journal.entries) {
    const next = historyAfter(history, eventOf(entry), entry.at);
    if (next === null) {
      const what = `the journal's entry ${entry.event} does not follow from those before`;
      throw broken(what, `${where}:${entry.seq}`);
    }
    history = next;
  }
  return history;
}

/** Whether the journal tells of anything that was live: without, nobody knows what was. */
export function hasMoves({ entries }: Journal): boolean {
  const told = new Set(entries.map((entry) => eventOf(entry).event));
  return told.has('move') || told.has('pointer-found');
}

/** The history after what happened `at` a time; null where that cannot follow. */
function historyAfter(
  history: PointerHistory,
  event: JournalEvent | UnknownEvent | MalformedEvent,
  at: string,
): PointerHistory | null {
  switch (event.event) {
    case 'move':
      return moved(history, event, at);
    case 'pointer-found':
      return history.open === null ? foundByHand(history, event.found, at) : null;
    case 'malformed':
      return null;
    default:
      return history;
  }
}

function moved(
  history: PointerHistory,
  { move, step, to }: MoveEvent,
  at: string,
): PointerHistory | null {
  const { open } = history;
  if (step === 'intended') {
    if (open !== null || (move === 'rollback' && !history.before.includes(to))) return null;
    return { ...history, open: { move, to, at } };
  }
  if (open === null || open.move !== move || open.to !== to) return null;
  if (step === 'not-done') return { ...history, open: null };
  return move === 'promote' ? promoted(history, to, at) : rolledBack(history, to, at);
}

/** What is live goes to the stack, if a command made it live. */
function stacked({ before, live, byCommand }: PointerHistory): readonly string[] {
  return byCommand && live !== null ? [...before, live] : before;
}

function promoted(history: PointerHistory, to: string, at: string): PointerHistory {
  return { live: to, since: at, byCommand: true, before: stacked(history), open: null };
}

function rolledBack(history: PointerHistory, to: string, at: string): PointerHistory {
  const before = history.before.slice(0, history.before.lastIndexOf(to));
  return { live: to, since: at, byCommand: true, before, open: null };
}

function foundByHand(history: PointerHistory, found: string | null, at: string): PointerHistory {
  return { live: found, since: at, byCommand: false, before: stacked(history), open: null };
}

export interface Settlement {
  /** What the journal lacks, in order. */
  readonly events: readonly JournalEvent[];
  readonly history: PointerHistory;
  /** The same for a person. */
  readonly notes: readonly string[];
}

/**
 * Compares the journal with the link as it is: how a move that was interrupted has ended, and
 * whether somebody has changed the link by hand. The caller holds the lock, or only wants to know.
 */
export function settle(history: PointerHistory, found: string | null, at: string): Settlement {
  const events: JournalEvent[] = [];
  const notes: string[] = [];
  let settled = history;
  const add = (event: JournalEvent, note: string): void => {
    events.push(event);
    notes.push(note);
    const next = historyAfter(settled, event, at);
    if (next === null) throw new Error(`${event.event} cannot follow`);
    settled = next;
  };
  if (history.open !== null) {
    const { move, to, at: began } = history.open;
    const done = found === to;
    const outcome = done ? 'it had been done' : 'it had not been done';
    const step = done ? 'done' : 'not-done';
    add(
      { event: 'move', move, step, to, sealId: sealIdOf(to), recovered: true },
      `a ${move} of ${began} was interrupted: ${outcome}`,
    );
  }
  if (settled.live !== found) {
    const is = found === null ? 'is gone' : `leads to ${found}`;
    const was = settled.live ?? 'nothing';
    add(
      { event: 'pointer-found', found, expected: settled.live },
      `storage_live was changed by hand: it ${is}, the journal says ${was}`,
    );
  }
  return { events, history: settled, notes };
}
