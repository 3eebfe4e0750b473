/** Moves in targets, from a journal: those that took place, and one that was begun and not ended. Pure. */

import type { Move, TargetMoveEvent } from './event.ts';
import type { Journal } from './line.ts';
import { eventOf } from './readEvent.ts';

export interface JournaledMove extends TargetMoveEvent {
  readonly at: string;
}

export interface TargetMoves {
  /** Intents of moves that are done, in order. */
  readonly done: readonly JournaledMove[];
  /** The intent of a move of which the journal has no end; null for none. */
  readonly open: JournaledMove | null;
}

/** Returns the moves of a target, by its label. */
export function targetMoves({ entries }: Journal, target: string): TargetMoves {
  const done: JournaledMove[] = [];
  let open: JournaledMove | null = null;
  for (const entry of entries) {
    const event = eventOf(entry);
    if (event.event !== 'target-move' || event.target !== target) continue;
    if (event.step === 'intended') open = { ...event, at: entry.at };
    if (open?.intent !== event.intent || event.step === 'intended') continue;
    if (event.step === 'done') done.push(open);
    open = null;
  }
  return { done, open };
}

/** What the last move of a name in a target has made live. */
export interface TargetStanding {
  readonly target: string;
  readonly live: string;
  readonly sealId: string | null;
  readonly move: Move;
  readonly at: string;
  /** Whether the journal lacks its end. */
  readonly isOpen: boolean;
}

/** Returns the last move of each name in each target that took place, or may have. */
export function targetStandings(journal: Journal): TargetStanding[] {
  return targetsIn(journal).flatMap((target) => {
    const { done, open } = targetMoves(journal, target);
    const last = new Map(done.map((move) => [move.live, { ...move, isOpen: false }]));
    if (open !== null) last.set(open.live, { ...open, isOpen: true });
    return [...last.values()].map(({ live, sealId, move, at, isOpen }) => {
      return { target, live, sealId, move, at, isOpen };
    });
  });
}

function targetsIn({ entries }: Journal): string[] {
  const targets = entries.map(eventOf).flatMap((event) => {
    return event.event === 'target-move' ? [event.target] : [];
  });
  return [...new Set(targets)];
}

/**
 * Returns the seals that are live in targets, and those that the last move there replaced: without their
 * candidates it could not be told any more what was written to them.
 */
export function sealsInTargets(journal: Journal): ReadonlySet<string> {
  const seals = targetsIn(journal).flatMap((target) => {
    const { done, open } = targetMoves(journal, target);
    const last = new Map(done.map((move) => [move.live, move]));
    const moves = open === null ? [...last.values()] : [...last.values(), open];
    return moves.flatMap(({ sealId, from }) => [sealId, from?.sealId ?? null]);
  });
  return new Set(seals.filter((seal) => seal !== null));
}
