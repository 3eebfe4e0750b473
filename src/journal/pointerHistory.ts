/**
 * The history of the live link, from the journal: the live candidate, and those that rollback can
 * return to. A promotion pushes the candidate that was live on a stack, a rollback pops it. Only
 * candidates that a command of Sealift made live are on the stack. Pure.
 */

import type { JournalEvent, MalformedEvent, Move, MoveEvent, UnknownEvent } from './event.ts';
import { eventOf } from './readEvent.ts';
import { broken, type Journal } from './line.ts';
import { sealIdOf } from '../seal/sealedFolders.ts';

export interface PointerHistory {
  /** Name of the live candidate; null before the first, or if the link was removed. */
  readonly live: string | null;
  /** Time since which it has been live, ISO 8601. */
  readonly since: string | null;
  /** Whether a command made it live, rather than a change by hand. */
  readonly byCommand: boolean;
  /** Names of candidates that a command made live before, oldest first. */
  readonly before: readonly string[];
  /** Move of which the journal has the intent, but not the end. */
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
 * Returns the candidate that rollback would make live, or null. A candidate on the stack may be
 * live again, if it was promoted over a link that was changed by hand; it is skipped.
 */
export function previousOf({ before, live }: PointerHistory): string | null {
  return before.findLast((name) => name !== live) ?? null;
}

/** Returns the candidate that a rollback would make live after a promote of `to`; null if none. */
export function previousAfterPromote(history: PointerHistory, to: string): string | null {
  return previousOf(promoted(history, to, ''));
}

/** Derives the history from a journal. @throws Failure JOURNAL if an event cannot follow */
export function pointerHistory(journal: Journal, where: string): PointerHistory {
  let history = NEVER_LIVE;
  for (const entry of journal.entries) {
    const next = historyAfter(history, eventOf(entry), entry.at);
    if (next === null) {
      const what = `the journal is broken, as an entry ${entry.event} cannot follow the entries before it`;
      throw broken(what, `${where}:${entry.seq}`);
    }
    history = next;
  }
  return history;
}

/** Returns whether the journal has any event of the live link. */
export function hasMoves({ entries }: Journal): boolean {
  const told = new Set(entries.map((entry) => eventOf(entry).event));
  return told.has('move') || told.has('pointer-found');
}

/** Returns the history after an event at a time; null if the event cannot follow. */
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

/** Pushes the live candidate on the stack, if a command made it live. */
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

/** Result of {@link recover}. */
export interface Recovery {
  /** Events that are missing in the journal, in order. */
  readonly events: readonly JournalEvent[];
  readonly history: PointerHistory;
  /** The same events as sentences for the operator. */
  readonly notes: readonly string[];
}

/**
 * Compares the journal with the link as found: finds out how an interrupted move ended, and whether
 * the link was changed by hand. Writes nothing, so a caller that only reads needs no lock.
 */
export function recover(history: PointerHistory, found: string | null, at: string): Recovery {
  const events: JournalEvent[] = [];
  const notes: string[] = [];
  let recovered = history;
  const add = (event: JournalEvent, note: string): void => {
    events.push(event);
    notes.push(note);
    const next = historyAfter(recovered, event, at);
    if (next === null) throw new Error(`${event.event} cannot follow`);
    recovered = next;
  };
  if (history.open !== null) {
    const { move, to, at: began } = history.open;
    const done = found === to;
    const outcome = done ? 'after it had taken effect' : 'before it took effect';
    const step = done ? 'done' : 'not-done';
    add(
      { event: 'move', move, step, to, sealId: sealIdOf(to), recovered: true },
      `a ${move} begun at ${began} was interrupted ${outcome}`,
    );
  }
  if (recovered.live !== found) {
    const is = found === null ? 'is gone' : `points to ${found}`;
    const was = recovered.live ?? 'nothing';
    add(
      { event: 'pointer-found', found, expected: recovered.live },
      `storage_live was changed by hand: it ${is}, but pointed to ${was} according to the journal`,
    );
  }
  return { events, history: recovered, notes };
}
