/**
 * promote --target: makes the candidate that is loaded into a target what applications read there, by one
 * step of the target: after all that promote makes sure of, and a reconcile of what goes live and of what
 * is live now. Nothing that was written there since is lost without a word.
 */

import type { FindingStore } from '../findings/findingStore.ts';
import { readJournal } from '../journal/journal.ts';
import { ageOf } from '../outcome/age.ts';
import type { Outcome } from '../outcome/outcome.ts';
import { assertSealId } from '../project/sealIdOption.ts';
import { sourceGoneBy } from '../promote/assertCurrent.ts';
import { chosen } from '../promote/candidacy.ts';
import { withLivePointer, type LivePointer } from '../promote/pointerSession.ts';
import { evidenceOf, type Evidence } from '../promote/targetEvidence.ts';
import { assertConfirmed, moveTarget } from '../promote/targetMove.ts';
import {
  assertParity,
  assertRehearsed,
  liveNotes,
  targetOutcome,
  withTarget,
  type SwapSession,
  type TargetOptions,
} from '../promote/targetSession.ts';
import type { Environment } from '../run/environment.ts';
import { operatorOf } from '../run/operator.ts';
import { sealIdOf } from '../seal/sealedFolders.ts';
import type { Placed } from '../target/swap.ts';
import { assertFit, type PromoteOptions } from './promote.ts';

export interface PromoteTargetOptions extends PromoteOptions, TargetOptions {
  /** Schema into which the seal was loaded; null for the one that holds it. */
  readonly schema: string | null;
}

/** Makes a loaded candidate live in a target. A failure changes nothing. */
export async function promoteTarget(
  options: PromoteTargetOptions,
  env: Environment,
  found: FindingStore,
): Promise<Outcome> {
  assertSealId(options.expectSeal);
  sourceGoneBy(options, env);
  return withLivePointer('promote', options, env, async (pointer) => {
    const name = chosen(pointer.paths, options);
    const about = { sealId: sealIdOf(name), schema: options.schema };
    return withTarget(about, options, pointer, env, async (session) => {
      const swap = await session.target.find();
      if (swap.next === null) return alreadyLive({ ...session, swap }, name, options, pointer, env);
      const place = { ...session, swap, next: swap.next };
      return goLive(place, name, options, pointer, env, found);
    });
  });
}

interface ToGoLive extends SwapSession {
  readonly next: Placed;
}

async function alreadyLive(
  session: SwapSession,
  name: string,
  options: PromoteTargetOptions,
  pointer: LivePointer,
  env: Environment,
): Promise<Outcome> {
  const { verified, approvals } = await assertFit(pointer, { name, already: true }, options, env);
  session.commit([]);
  const now = [...approvals, 'it was already live there, as its ledger says; nothing was changed'];
  return targetOutcome('promote', session, pointer, now, verified);
}

async function goLive(
  session: ToGoLive,
  name: string,
  options: PromoteTargetOptions,
  pointer: LivePointer,
  env: Environment,
  found: FindingStore,
): Promise<Outcome> {
  const { swap, next } = session;
  const { now } = swap;
  assertConfirmed(swap, options.acceptLoss);
  // Fails at once for what is missing, not after minutes of verifying.
  await proven(session, options, pointer, env);
  const parity = await assertParity(swap, 'promote', options, found);
  const { verified, about, notes } = await assertFit(
    pointer,
    { name, already: false },
    options,
    env,
  );
  const evidence = await proven(session, options, pointer, env);
  const order = {
    move: 'promote' as const,
    intent: Buffer.from(env.random(16)).toString('hex'),
    to: next,
    toSeen: evidence.next.seen,
    from: now,
    fromSeen: evidence.live?.seen ?? null,
    lossAccepted: now !== null && options.acceptLoss !== null,
    mayMiss: false,
    waitMs: options.maxWaitMs,
    tool: env.tool.version,
    who: operatorOf(options.who, env),
  };
  const rehearsed = await assertRehearsed(swap, order, parity.tookMs);
  if (!options.dryRun) await moveTarget(session, swap, order, about);
  return targetOutcome(
    'promote',
    session,
    pointer,
    [
      ...notes,
      `reconciled ${ageOf(evidence.next.at, env.now())} ago`,
      ...parity.notes,
      ...rehearsed,
      ...(options.dryRun ? swap.plan : []),
      ...liveNotes(swap, options),
      ...(now === null ? [] : ['to go back: sealift rollback --target URL']),
    ],
    verified,
  );
}

interface Proven {
  readonly next: Evidence;
  /** Null if nothing is live, it has no seal, or its later writes are given up. */
  readonly live: Evidence | null;
}

async function proven(
  { swap, next }: ToGoLive,
  { maxAgeMs, acceptLoss }: PromoteTargetOptions,
  { paths }: LivePointer,
  env: Environment,
): Promise<Proven> {
  const journal = readJournal(paths.journal);
  const about = { maxAgeMs, now: env.now() };
  const { now } = swap;
  const isFree = now === null || now.sealId === null || acceptLoss !== null;
  return {
    next: await evidenceOf(swap, next, journal, { ...about, role: 'next' }),
    live: isFree ? null : await evidenceOf(swap, now, journal, { ...about, role: 'live' }),
  };
}
