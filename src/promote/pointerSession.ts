/**
 * The session that promote, rollback, prune and snapshot share: the lock of the candidates, the journal, the
 * live link, and the events of it that are missing in the journal. Nothing is written before a
 * command commits, so a command that fails has changed nothing.
 */

import { lstatSync } from 'node:fs';
import { join } from 'node:path';

import { onDisk, systemCode } from '../disk/errors.ts';
import { acquireLock } from '../disk/lock.ts';
import {
  signed,
  type JournalEvent,
  type Move,
  type MoveEvent,
  type PromotionBasis,
} from '../journal/event.ts';
import { appendToJournal, JOURNAL_FILE, readJournal } from '../journal/journal.ts';
import { counted } from '../outcome/counted.ts';
import { Failure } from '../outcome/failure.ts';
import { clearHalfSwap, readLivePointer, swapLivePointer } from '../project/liveLink.ts';
import {
  hasMoves,
  pointerHistory,
  recover,
  type PointerHistory,
} from '../journal/pointerHistory.ts';
import { openStore } from '../seal/candidateStore.ts';
import { sealedPath, sealIdOf } from '../seal/sealedFolders.ts';
import { verifyAt, type Verification } from '../seal/verify.ts';
import type { Environment } from '../run/environment.ts';
import { operatorOf } from '../run/operator.ts';
import { projectPaths, type ProjectPaths } from '../project/paths.ts';
import { checksumProgress } from '../run/progress.ts';
import { withHashers, type Workers } from '../run/workers.ts';

export interface PointerOptions {
  readonly project: string;
  /** Whether to report what would be done, without changes. */
  readonly dryRun: boolean;
  /** Operator for the journal; null for the one that the environment names. */
  readonly who: string | null;
}

/** Commands that hold the session. */
type PointerCommand = Move | 'prune' | 'snapshot';

export interface LivePointer {
  readonly paths: ProjectPaths;
  /** History of the live link, missing events included. */
  readonly history: PointerHistory;
  /** Missing events, as sentences for the operator. */
  readonly notes: readonly string[];
  readonly dryRun: boolean;
  /** Appends the missing events, then these; nothing on a dry run. */
  readonly commit: (events: readonly JournalEvent[]) => void;
}

/** Runs `work` with the lock held. @throws Failure JOURNAL if the journal is broken */
export async function withLivePointer<T>(
  command: PointerCommand,
  options: PointerOptions,
  env: Environment,
  work: (pointer: LivePointer) => Promise<T>,
): Promise<T> {
  const paths = projectPaths(options.project);
  const who = operatorOf(options.who, env);
  assertStore(paths.candidates);
  return onDisk(paths.candidates, async () => {
    openStore(paths.candidates);
    const since = env.now().toISOString();
    const lock = acquireLock(paths.candidates, { command, pid: env.pid, since });
    const forget = env.onInterrupt(() => {
      lock.release();
    });
    try {
      return await work(openPointer(command, paths, { ...options, who }, env));
    } finally {
      forget();
      lock.release();
    }
  });
}

function openPointer(
  command: PointerCommand,
  paths: ProjectPaths,
  { dryRun, who }: PointerOptions,
  env: Environment,
): LivePointer {
  const journal = readJournal(paths.journal);
  const told = pointerHistory(journal, join(paths.journal, JOURNAL_FILE));
  const found = readLivePointer(paths.live);
  if (found !== null && !hasMoves(journal)) throw withoutMoves(paths);
  let { events: missing, ...recovered } = recover(told, found, env.now().toISOString());
  return {
    paths,
    history: recovered.history,
    notes: recovered.notes,
    dryRun,
    commit(events) {
      const all = [...missing, ...events.map((event) => signed(event, who))];
      if (dryRun || all.length === 0) return;
      if (missing.length > 0) clearHalfSwap(paths.live);
      const writer = { command, pid: env.pid, at: env.now().toISOString() };
      appendToJournal(paths.journal, writer, all);
      missing = [];
    },
  };
}

/** Makes the failure for a live link without its history, which rollback depends on. */
function withoutMoves({ journal, live }: ProjectPaths): Failure {
  return new Failure('JOURNAL', {
    what: 'storage_live points to a candidate, but the journal does not say that any was made live',
    where: join(journal, JOURNAL_FILE),
    hint: `restore the copy of the journal that you keep elsewhere; if the link was made by hand, remove ${live}`,
  });
}

/** Members of the intent of a move. */
type Intent = PromotionBasis & Pick<MoveEvent, 'from' | 'dataRoot'>;

/**
 * Journals the intent, switches the link, and journals that it is done; synchronous, so that Ctrl-C
 * cannot interrupt it halfway. Returns notes for the operator.
 */
export function movePointer(
  { paths, commit, dryRun }: LivePointer,
  move: Move,
  to: string,
  about: Intent,
): readonly string[] {
  if (dryRun) return [];
  const sealId = sealIdOf(to);
  commit([{ event: 'move', move, step: 'intended', to, sealId, ...about }]);
  swapLivePointer(paths.live, to);
  try {
    commit([{ event: 'move', move, step: 'done', to, sealId }]);
    return [];
  } catch (error) {
    if (systemCode(error) === null && !(error instanceof Failure)) throw error;
    // The link and the intent are durable, so the move has happened although it is not journaled.
    return ['the journal could not be written; the next command will record that this was done'];
  }
}

/** Verifies a candidate. @throws Failure CANDIDATE if it does not verify, or has no records */
export async function verifyWhole(
  candidates: string,
  name: string,
  workers: Workers,
  env: Environment,
): Promise<Verification> {
  const folder = sealedPath(candidates, name);
  const shown = checksumProgress(env.progress);
  const verified = await withHashers(folder, workers, env, (pool) =>
    verifyAt(folder, sealIdOf(name), pool, shown),
  );
  const [first] = verified.findings;
  if (first !== undefined) {
    const what = `the candidate does not verify, rule ${first.rule}`;
    throw unfit(what, join(folder, first.file ?? ''), verified.findings.length);
  }
  if (verified.records === 0) {
    throw unfit('the candidate holds no record, so nothing was verified', folder, 1);
  }
  return verified;
}

function unfit(what: string, where: string, findings: number): Failure {
  const more = findings > 1 ? `, and ${counted(findings - 1, 'finding')} more` : '';
  return new Failure('CANDIDATE', {
    what: `${what}${more}`,
    where,
    hint: 'run sealift verify-checksums --candidate DIR for details, then build it again',
  });
}

/** Checks that the folder of candidates exists, so that it is not created. */
function assertStore(candidates: string): void {
  if (lstatSync(candidates, { throwIfNoEntry: false }) !== undefined) return;
  throw new Failure('CANDIDATE', {
    what: 'there is no candidate',
    where: candidates,
    hint: 'build one with sealift migrate, or name the project folder with --project',
  });
}
