/** Moments at which a promote or rollback in a target is broken off; half of them while it swaps. */

import { setTimeout as wait } from 'node:timers/promises';
import { expect } from 'vitest';

import type { Random } from '../dogschool/random.ts';
import type { Ran, Running } from '../kit/run.ts';
import type { GatePlace } from '../target/gate.ts';
import { until, type Move, type MovedTarget } from './targetMoves.ts';

/** Milliseconds in which a command does all that comes after its intent. */
const SWAP_MS = 60;

/** The statement alone, not the level of isolation. */
export const COMMIT = 'COMMIT\0';

/** Statements of a swap, before and after which it is broken off. */
const STATEMENTS = [
  'BEGIN ISOLATION LEVEL READ COMMITTED',
  'LOCK TABLE',
  'ALTER SCHEMA',
  'INSERT INTO sealift_ledger',
  COMMIT,
];

/** The server commits, and its answer does not arrive. */
export const ANSWER = { text: COMMIT, passes: 'all' } as const;

/** Holds of a session that waits for a lock of another. */
export const WAITS = `wait_event_type = 'Lock'`;

/** Where a command is broken off, and how many milliseconds later. */
export interface Moment {
  readonly at: 'gate' | 'intent' | 'lock' | 'anywhere';
  /** The place of a gate. */
  readonly place?: GatePlace;
  readonly ms: number;
}

/** The moment of a round, of which six follow each other; `most` is how long a whole command takes. */
export function momentOf(round: number, most: number, random: Random): Moment {
  const ms = random.integer(0, SWAP_MS);
  switch (round % 6) {
    case 0:
      return { at: 'gate', place: ANSWER, ms };
    case 1:
      return { at: 'intent', ms };
    case 2:
      return { at: 'lock', ms };
    case 3:
      return { at: 'gate', place: placeNear(random), ms };
    case 4:
      return { at: 'anywhere', ms: random.integer(0, most) };
    default:
      return { at: 'gate', place: { text: COMMIT }, ms };
  }
}

/** Before or after any statement: it may have been done when the command is broken off, or not. */
function placeNear(random: Random): GatePlace {
  const text = random.pick(STATEMENTS);
  return random.chance(0.5) ? { text, passes: 'all' } : { text };
}

/** Starts a move, and does to it what breaks it off when its moment has come. */
export async function brokenOff(
  target: MovedTarget,
  [move, seal]: readonly [Move, string],
  { at, place, ms }: Moment,
  breaks: (running: Running) => Promise<void>,
): Promise<Ran> {
  const { gate } = target;
  const before = target.intents();
  gate.reset(place ?? null);
  const letGo = at === 'lock' ? await target.hold() : null;
  const running = target.start(move, seal);
  const isOver = (): boolean => running.child.exitCode !== null;
  if (at === 'lock') await target.whenSession(WAITS);
  if (at === 'intent') await until(() => isOver() || target.intents() > before);
  if (at === 'gate') {
    await Promise.race([gate.shut, running.ended]);
    expect(gate.isShut(), 'the place was reached').toBe(true);
  }
  await wait(ms);
  await breaks(running);
  await letGo?.();
  const ran = await running.ended;
  gate.reset(null);
  return ran;
}
