/**
 * A change of what is live in a target: its intent in the journal, the swap, and how it ended. The ledger
 * of the target decides whether it took place, also where the connection is lost while it commits.
 */

import type { JournalEvent, PromotionBasis, TargetMoveEvent } from '../journal/event.ts';
import type { Journal } from '../journal/line.ts';
import { targetMoves, type JournaledMove } from '../journal/targetMoves.ts';
import { Failure } from '../outcome/failure.ts';
import { quoteName } from '../outcome/quoteName.ts';
import type { Missing, Parity } from '../target/parity.ts';
import type { JournaledSwaps, OpenTarget, Swap, SwapEntry, SwapOrder } from '../target/swap.ts';

export interface Recovered {
  /** Events that are missing in the journal. */
  readonly events: readonly JournalEvent[];
  readonly notes: readonly string[];
  /** The move that was broken off, if it had taken effect. */
  readonly done: JournaledMove | null;
}

/** Finds out how a move ended that was begun by a command which was killed. */
export async function recoverMove(target: OpenTarget, journal: Journal): Promise<Recovered> {
  const { open } = targetMoves(journal, target.label);
  if (open === null) return { events: [], notes: [], done: null };
  const isDone = await target.isDone(open.intent);
  const how = isDone ? 'after it had taken effect' : 'before it took effect';
  return {
    events: [{ ...endOf(open, isDone), recovered: true }],
    notes: [`a ${open.move} of the target begun at ${open.at} was interrupted ${how}`],
    done: isDone ? open : null,
  };
}

function endOf(intent: TargetMoveEvent, isDone: boolean): TargetMoveEvent {
  const { event, move, target, live, to, sealId, intent: number } = intent;
  return {
    event,
    move,
    step: isDone ? 'done' : 'not-done',
    target,
    live,
    to,
    sealId,
    intent: number,
  };
}

/** Moves of a target as the journal has them, for one without a ledger of its own. */
export function movesOf(journal: Journal, target: string): JournaledSwaps {
  const { done, open } = targetMoves(journal, target);
  return { done: done.map(entryOf), open: open === null ? null : entryOf(open) };
}

function entryOf({ move, live, to, sealId, from = null, intent }: JournaledMove): SwapEntry {
  return { move, live, to: { name: to, sealId }, from, intent };
}

export interface MoveSession {
  readonly commit: (events: readonly JournalEvent[]) => void;
  /** Gives up a session that was lost, and opens the target once more when the server has done so, too. */
  readonly reopen: () => Promise<OpenTarget>;
}

/** Moves. @throws Failure; what is live is then as before, unless its message says that it is not known */
export async function moveTarget(
  { commit, reopen }: MoveSession,
  swap: Swap,
  order: SwapOrder,
  about: PromotionBasis,
): Promise<void> {
  const { move, intent, to, from, lossAccepted } = order;
  const event: TargetMoveEvent = {
    event: 'target-move',
    move,
    step: 'intended',
    target: swap.label,
    live: swap.live,
    to: to.name,
    sealId: to.sealId,
    intent,
    from,
    ...(lossAccepted ? { lossAccepted } : {}),
    ...about,
  };
  commit([event]);
  try {
    await swap.swap(order);
  } catch (error) {
    const failure = await failureAfterAll(swap, intent, error, reopen);
    if (failure !== null) {
      commit([endOf(event, false)]);
      throw failure;
    }
  }
  commit([endOf(event, true)]);
}

/**
 * The connection may be lost while the server commits, or goes on to commit: the ledger knows, once the
 * session that was lost has ended. Returns why the swap did not take effect; null if it did.
 */
async function failureAfterAll(
  swap: Swap,
  intent: string,
  error: unknown,
  reopen: () => Promise<OpenTarget>,
): Promise<unknown> {
  try {
    return (await swap.isDone(intent)) ? null : error;
  } catch {
    // The session is lost.
  }
  try {
    const again = await reopen();
    const isDone = await again.isDone(intent);
    await again.close();
    return isDone ? null : withoutEffect(error, swap.label);
  } catch {
    throw unknownEnd(error, swap.label);
  }
}

function withoutEffect(cause: unknown, where: string): Failure {
  return new Failure('TARGET', {
    what: 'the connection to the target was lost during the swap, which did not take effect',
    where,
    hint: 'nothing was changed; find out why it was lost, then run again',
    cause,
  });
}

function unknownEnd(cause: unknown, where: string): Failure {
  return new Failure('TARGET', {
    what: 'the connection to the target was lost during the swap, and it is not known whether that took effect',
    where,
    hint: 'run the same command again once the target can be reached: its ledger tells, and the journal then says so',
    cause,
  });
}

/** Sums up what is bound to what is live, as lines; the findings name each that is missing. */
export function parityNotes({ kinds }: Parity): string[] {
  return kinds
    .filter(({ live, fresh }) => live + fresh > 0)
    .map(({ kind, live, fresh, missing }) => {
      const lacks = missing === 0 ? '' : `, ${missing} missing or other`;
      return `${kind}: ${live} live, ${fresh} new${lacks}`;
    });
}

/** Says what is missing, as a finding. */
export function missingReason({ what, state, sql, byHand }: Missing): string {
  const how =
    state === 'bound'
      ? 'stays bound to what is live now'
      : state === 'different'
        ? 'is other in what is to go live'
        : 'is missing in what is to go live';
  const help = sql === null ? (byHand ?? 'make it by hand') : 'the file of --parity makes it';
  return `${what} ${how}: ${help}`;
}

/** @throws Failure USAGE if what was typed is not the name of the target */
export function assertConfirmed(swap: Swap, typed: string | null): void {
  if (typed === null || typed === swap.confirmation) return;
  throw new Failure('USAGE', {
    what: `to give up what was written to what is live, its name has to be given: ${quoteName(swap.confirmation)}`,
    where: '--accept-data-loss',
    hint: 'make sure that it is the right target, then give this name',
  });
}
