/**
 * What migrate has sealed, as the journal holds it. A seal proves that a candidate is as it was when
 * it was sealed, and not who sealed it: that is what these entries are for. Pure.
 */

import { eventOf, type JournalEvent, type MoveEvent } from './event.ts';
import type { Journal } from './line.ts';
import { sealIdOf } from '../seal/sealedFolders.ts';

/** The entry of a candidate that is about to be published under this name. */
export function sealedEvent(candidate: string, dataRoot: string): JournalEvent {
  return { event: 'sealed', candidate, sealId: sealIdOf(candidate), dataRoot };
}

/**
 * Whether the journal holds this seal id: a migrate of the project has sealed it, or somebody has
 * promoted it with a seal id that was kept elsewhere.
 */
export function isHeld({ entries }: Journal, sealId: string): boolean {
  return entries.map(eventOf).some((event) => {
    const holds = event.event === 'sealed' || (event.event === 'move' && isExpected(event));
    return holds && event.sealId === sealId;
  });
}

function isExpected({ move, step, expected }: MoveEvent): boolean {
  return move === 'promote' && step === 'intended' && expected === true;
}

/** The name that was sealed last of those that are there; null where none of them was sealed here. */
export function sealedLast({ entries }: Journal, names: readonly string[]): string | null {
  const sealed = entries.map(eventOf).filter((event) => event.event === 'sealed');
  return sealed.findLast(({ candidate }) => names.includes(candidate))?.candidate ?? null;
}
