/**
 * Journal entries of the candidates that migrate has sealed. A seal proves that a candidate was not
 * changed since; these entries show that it was sealed in this project. Pure.
 */

import type { MoveEvent, SealedEvent } from './event.ts';
import { eventOf } from './readEvent.ts';
import type { Journal } from './line.ts';
import { sealIdOf } from '../seal/sealedFolders.ts';

/** Makes the event of a candidate that is about to be published under this name. */
export function sealedEvent(
  candidate: string,
  about: Required<Pick<SealedEvent, 'dataRoot' | 'runId' | 'begunAfter' | 'sources'>>,
): SealedEvent {
  return { event: 'sealed', candidate, sealId: sealIdOf(candidate), ...about };
}

/** Returns the event of the candidate of this name; null if no migrate of the project sealed it. */
export function sealedAs({ entries }: Journal, candidate: string): SealedEvent | null {
  const sealed = entries.map(eventOf).filter((event) => event.event === 'sealed');
  return sealed.findLast((event) => event.candidate === candidate) ?? null;
}

/**
 * Returns whether the journal has this seal id: a migrate of the project sealed it, or it was
 * promoted with `--expect-seal`.
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

/** Returns which of these names was sealed last; null if no migrate of the project sealed any. */
export function sealedLast({ entries }: Journal, names: readonly string[]): string | null {
  const sealed = entries.map(eventOf).filter((event) => event.event === 'sealed');
  return sealed.findLast(({ candidate }) => names.includes(candidate))?.candidate ?? null;
}

/** Returns whether a prune has removed the candidate of this name. */
export function isPruned({ entries }: Journal, name: string): boolean {
  return entries.map(eventOf).some((event) => {
    return event.event === 'prune' && event.candidates.includes(name);
  });
}
