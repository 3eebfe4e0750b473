/**
 * rollback --target: makes what was live before live again in a target, by one step of the target. It is
 * refused while what is live holds writes of after its seal, unless a person gives them up by its name.
 */

import type { FindingStore } from '../findings/findingStore.ts';
import { readJournal } from '../journal/journal.ts';
import type { Journal } from '../journal/line.ts';
import type { JournaledMove } from '../journal/targetMoves.ts';
import { Failure } from '../outcome/failure.ts';
import type { Outcome } from '../outcome/outcome.ts';
import { assertOperatorIfKnown } from '../project/operatorNeeded.ts';
import { withLivePointer, type LivePointer } from '../promote/pointerSession.ts';
import { evidenceOf, type Evidence } from '../promote/targetEvidence.ts';
import { assertConfirmed, moveTarget } from '../promote/targetMove.ts';
import {
  assertParity,
  assertRehearsed,
  liveNotes,
  targetOutcome,
  withTarget,
  type TargetOptions,
  type TargetSession,
} from '../promote/targetSession.ts';
import type { Environment } from '../run/environment.ts';
import { operatorOf } from '../run/operator.ts';
import type { Swap, SwapOrder } from '../target/swap.ts';

export interface RollbackTargetOptions extends TargetOptions {
  readonly project: string;
  readonly who: string | null;
}

/** Makes live what was live before. A failure changes nothing. */
export async function rollbackTarget(
  options: RollbackTargetOptions,
  env: Environment,
  found: FindingStore,
): Promise<Outcome> {
  return withLivePointer('rollback', options, env, async (pointer) => {
    const { paths } = pointer;
    const who = operatorOf(options.who, env);
    await assertOperatorIfKnown(paths.root, who);
    const back = { sealId: null, schema: null };
    return withTarget(back, options, pointer, env, async (session) => {
      const { done } = session.recovered;
      if (done?.move === 'rollback') return doneBefore(session, done, pointer);
      const swap = await session.target.find();
      const { next, now } = swap;
      if (next === null) throw new TypeError('a rollback has a place to go to');
      assertConfirmed(swap, options.acceptLoss);
      const journal = readJournal(paths.journal);
      const live = await evidenceOfLive(swap, journal, options, env);
      const parity = await assertParity(swap, 'rollback', options, found);
      const order: SwapOrder = {
        move: 'rollback',
        intent: Buffer.from(env.random(16)).toString('hex'),
        to: next,
        toSeen: swap.nextSeen,
        from: now,
        fromSeen: live?.seen ?? null,
        lossAccepted: now !== null && options.acceptLoss !== null,
        mayMiss: false,
        waitMs: options.maxWaitMs,
        tool: env.tool.version,
        who,
      };
      const rehearsed = await assertRehearsed(swap, order, parity.tookMs);
      if (!options.dryRun) await moveTarget(session, swap, order, {});
      const notes = [
        `live now: ${next.sealId ?? 'what is of no seal'}, as it was when it was live last`,
        ...parity.notes,
        ...rehearsed,
        ...(options.dryRun ? swap.plan : []),
        ...liveNotes(swap, options),
      ];
      return targetOutcome('rollback', { ...session, swap }, pointer, notes, null);
    });
  });
}

/** A rollback that is given again since it was broken off goes no further than that one. */
function doneBefore(
  session: TargetSession,
  { live, sealId }: JournaledMove,
  pointer: LivePointer,
): Outcome {
  session.commit([]);
  const swap = { label: session.target.label, live, now: { name: live, sealId }, next: null };
  const notes = [
    `live now: ${sealId ?? 'what is of no seal'}; to go back further, run sealift rollback once more`,
  ];
  return targetOutcome('rollback', { ...session, swap }, pointer, notes, null);
}

async function evidenceOfLive(
  swap: Swap,
  journal: Journal,
  { maxAgeMs, acceptLoss }: RollbackTargetOptions,
  env: Environment,
): Promise<Evidence | null> {
  const { now, live, label } = swap;
  if (acceptLoss !== null) return null;
  if (now === null || now.sealId === null) {
    throw new Failure('TARGET', {
      what: `the ledger of ${JSON.stringify(live)} names no seal, so that it is not known what was written to it`,
      where: label,
      hint: `find out what it is; or give it up with --accept-data-loss ${swap.confirmation}`,
    });
  }
  return evidenceOf(swap, now, journal, { maxAgeMs, now: env.now(), role: 'live' });
}
