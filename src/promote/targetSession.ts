/** What promote and rollback in a target share: the opened target, its recovery, the rehearsal, the outcome. */

import { resolve } from 'node:path';

import { writeFileDurably } from '../disk/durable.ts';
import { assertFree } from '../disk/newFile.ts';
import type { FindingStore } from '../findings/findingStore.ts';
import type { JournalEvent, Move } from '../journal/event.ts';
import { readJournal } from '../journal/journal.ts';
import { counted } from '../outcome/counted.ts';
import { Failure } from '../outcome/failure.ts';
import { actionOutcome, type Outcome } from '../outcome/outcome.ts';
import { timeoutsOf } from '../project/timeouts.ts';
import { locateTarget } from '../project/targetUrl.ts';
import type { Environment } from '../run/environment.ts';
import type { Verification } from '../seal/verify.ts';
import { isInWay, type Missing } from '../target/parity.ts';
import { assertPlaceUnchanged } from '../target/placeUnchanged.ts';
import type { OpenTarget, Swap, SwapOptions, SwapOrder } from '../target/swap.ts';
import type { LivePointer } from './pointerSession.ts';
import {
  missingReason,
  movesOf,
  parityNotes,
  recoverMove,
  type MoveSession,
  type Recovered,
} from './targetMove.ts';

export interface TargetOptions {
  /** URL of the target. */
  readonly target: string;
  /** Folder to which paths of the command line are relative. */
  readonly cwd: string;
  /** Name that applications read; null for the default. */
  readonly live: string | null;
  /** Milliseconds that a reconcile may be old. */
  readonly maxAgeMs: number;
  /** Milliseconds for which clients of the target wait at most. */
  readonly maxWaitMs: number;
  /** File for the statements that make what is missing; null for none. */
  readonly parity: string | null;
  /** Name of the target, if later writes are given up; else null. */
  readonly acceptLoss: string | null;
  readonly dryRun: boolean;
}

export interface TargetSession extends MoveSession {
  readonly target: OpenTarget;
  readonly recovered: Recovered;
  /** What an earlier command has left, as sentences. */
  readonly notes: readonly string[];
}

export interface SwapSession extends TargetSession {
  readonly swap: Swap;
}

/** Opens the target for a move, and finds out how an interrupted one ended. @throws Failure */
export async function withTarget(
  what: Pick<SwapOptions, 'sealId' | 'schema'>,
  options: TargetOptions,
  pointer: LivePointer,
  env: Environment,
  work: (session: TargetSession) => Promise<Outcome>,
): Promise<Outcome> {
  const { adapter, location } = locateTarget(options.target, env);
  const { swaps } = adapter;
  if (swaps === undefined) {
    throw new Failure('USAGE', {
      what: `nothing can go live in a ${adapter.scheme} target`,
      where: '--target',
      hint: 'name another target',
    });
  }
  const journal = readJournal(pointer.paths.journal);
  const { variables, signal, now, pid } = env;
  const { connectMs } = timeoutsOf(variables);
  const open = (): Promise<OpenTarget> =>
    swaps.open(location, {
      ...what,
      live: options.live,
      dryRun: options.dryRun,
      base: options.cwd,
      journaled: (label) => movesOf(readJournal(pointer.paths.journal), label),
      outside: { variables, signal, now, pid, connectMs },
    });
  const target = await open();
  const forget = env.onInterrupt(() => {
    void target.close();
  });
  const reopen = async (): Promise<OpenTarget> => {
    await target.close();
    return open();
  };
  try {
    const recovered = await recoverMove(target, journal);
    let missing = recovered.events;
    const commit = (events: readonly JournalEvent[]): void => {
      pointer.commit([...missing, ...events]);
      missing = [];
    };
    const notes = [...pointer.notes, ...recovered.notes];
    return await work({ target, recovered, commit, reopen, notes });
  } finally {
    forget();
    await target.close();
  }
}

/**
 * Compares both places with what was reconciled before a client has to wait, and says how long that takes, and
 * once more what is bound, which took `parityMs`. @throws Failure TARGET
 */
export async function assertRehearsed(
  swap: Swap,
  order: SwapOrder,
  parityMs: number,
): Promise<string[]> {
  const { to, toSeen, from, fromSeen, lossAccepted, waitMs } = order;
  let took = parityMs;
  if (toSeen !== null) {
    const { tookMs, ...changes } = await swap.changes(to, toSeen);
    assertPlaceUnchanged('to', changes, swap.label);
    took += tookMs;
  }
  if (from !== null && !lossAccepted) {
    const { tookMs, ...changes } = await swap.changes(from, fromSeen);
    assertPlaceUnchanged('from', changes, swap.label);
    took += tookMs;
  }
  return [
    `clients wait up to ${seconds(waitMs)} for the locks, and then about ${seconds(took)} while all rows are looked through for later writes, and what is bound is compared once more`,
  ];
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}

export interface Compared {
  readonly notes: readonly string[];
  readonly tookMs: number;
}

/** Lists what is bound to what is live. @throws Failure TARGET if something would be missing */
export async function assertParity(
  swap: Swap,
  move: Move,
  options: TargetOptions,
  found: FindingStore,
): Promise<Compared> {
  const parity = await swap.parity();
  for (const missing of parity.missing) {
    const severity = isInWay(move, missing) ? 'BLOCKER' : 'WARNING';
    found.add({ rule: 'parity', severity, reason: missingReason(missing) });
  }
  const path = writeParity(swap, parity.missing, options);
  const count = parity.missing.filter((missing) => isInWay(move, missing)).length;
  if (count === 0) {
    const written = path === null ? [] : [`parity     ${path}`];
    return { notes: [...parityNotes(parity), ...written], tookMs: parity.tookMs };
  }
  throw new Failure('TARGET', {
    what: `${counted(count, 'thing')} that ${count === 1 ? 'is' : 'are'} bound to what is live would be missing`,
    where: `${swap.label}, ${JSON.stringify(swap.live)}`,
    hint:
      path === null
        ? 'write the statements that make them with --dry-run --parity FILE, review and apply them, then run again'
        : `review the statements in ${path}, apply them, then run again`,
  });
}

/** Writes the statements that make what is missing, if a file is named; returns its path. @throws Failure DISK */
function writeParity(
  swap: Swap,
  missing: readonly Missing[],
  { parity, cwd }: TargetOptions,
): string | null {
  if (parity === null) return null;
  const path = resolve(cwd, parity);
  assertFree(path, '--parity');
  writeFileDurably(path, swap.paritySql(missing));
  return path;
}

/** Says what was live, and how it is called now. */
export function liveNotes(
  { now, live }: Swap,
  { acceptLoss, dryRun }: Pick<TargetOptions, 'acceptLoss' | 'dryRun'>,
): string[] {
  if (now === null) return [`live before: nothing; applications read ${JSON.stringify(live)}`];
  const would = dryRun ? 'would be' : 'is';
  return [
    `live before: ${now.sealId ?? 'what is of no seal'}, which ${would} ${JSON.stringify(now.name)} now`,
    ...(acceptLoss === null ? [] : ['what was written to it since its seal is not carried over']),
  ];
}

/** What an outcome tells of. */
export interface Moved extends Pick<TargetSession, 'notes'> {
  readonly swap: Pick<Swap, 'label' | 'live' | 'now' | 'next'>;
}

/** Makes the outcome of a move. */
export function targetOutcome(
  command: Move,
  { swap, notes }: Moved,
  { dryRun }: LivePointer,
  now: readonly string[],
  verified: Verification | null,
): Outcome {
  const { run = null, dataRoot = null } = verified ?? {};
  const sealId = swap.next?.sealId ?? swap.now?.sealId ?? null;
  return actionOutcome({
    command,
    ...(run === null ? {} : { runId: run.runId }),
    ...(sealId === null ? {} : { sealId }),
    ...(dataRoot === null ? {} : { dataRoot }),
    facts: { target: swap.label, live: swap.live },
    notes: [
      `target     ${swap.label}, ${JSON.stringify(swap.live)}`,
      ...notes,
      ...now,
      ...(dryRun ? ['dry run: nothing was changed'] : []),
    ],
  });
}
