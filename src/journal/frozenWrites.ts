/**
 * Whether the journal says that the writes of a source are frozen, and since which line. It tells what
 * was done, not what holds now: a source may have been replaced by hand since. Pure.
 */

import type { WritesEvent } from './event.ts';
import type { Journal, JournalEntry } from './line.ts';
import { Failure } from '../outcome/failure.ts';
import { eventOf } from './readEvent.ts';

export interface WritesState {
  /** `unsettled`: a command was killed between its intent and its result. */
  readonly state: 'writable' | 'frozen' | 'unsettled';
  /** The last line about it; null if there is none. */
  readonly last: (WritesEvent & Pick<JournalEntry, 'seq' | 'at'>) | null;
  /** What the last freeze has to restore, by the adapter; null if it noted nothing. */
  readonly before: string | null;
  /** Where in the source's log the last freeze ended; null if it noted nothing. */
  readonly barrier: string | null;
}

/**
 * Returns the state of the writes of the source of this name in the mapping.
 * @throws Failure JOURNAL if a line about the writes of a source lacks what it needs
 */
export function writesState({ entries }: Journal, source: string, where: string): WritesState {
  let last: WritesState['last'] = null;
  let before: string | null = null;
  let barrier: string | null = null;
  for (const entry of entries) {
    const event = eventOf(entry);
    if (event.event === 'malformed' && entry.event.startsWith('writes-')) {
      throw unreadable(`${where}:${entry.seq}`);
    }
    if (event.event !== 'writes' || event.source !== source) continue;
    last = { ...event, seq: entry.seq, at: entry.at };
    if (event.change !== 'freeze') continue;
    if (event.step === 'intended') before = event.before ?? null;
    barrier = event.step === 'done' ? (event.barrier ?? null) : null;
  }
  return { state: stateAfter(last), last, before, barrier };
}

/** Returns the names of sources whose writes the journal is about, in its order. */
export function sourcesOfWrites({ entries }: Journal): string[] {
  const names = entries.map(eventOf).flatMap((event) => {
    return event.event === 'writes' ? [event.source] : [];
  });
  return [...new Set(names)];
}

function stateAfter(last: WritesState['last']): WritesState['state'] {
  if (last === null) return 'writable';
  if (last.step === 'intended') return 'unsettled';
  const changed = last.step === 'done';
  return (last.change === 'freeze') === changed ? 'frozen' : 'writable';
}

/** Returns the line since which the writes are frozen without a break; null if they are not. */
export function frozenSince(journal: Journal, source: string, where: string): number | null {
  const { state, last } = writesState(journal, source, where);
  if (state !== 'frozen' || last === null) return null;
  // An unfreeze that did nothing leaves the freeze before it in force.
  const since = journal.entries.findLast((entry) => {
    const event = eventOf(entry);
    const froze = event.event === 'writes' && event.source === source && event.change === 'freeze';
    return froze && event.step === 'done';
  });
  return since?.seq ?? null;
}

function unreadable(where: string): Failure {
  return new Failure('JOURNAL', {
    what: 'a line of the journal about the writes of a source lacks what it needs',
    where,
    hint: 'restore the copy of the journal that you keep elsewhere',
  });
}
