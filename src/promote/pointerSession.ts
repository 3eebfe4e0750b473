/**
 * What promote, rollback and prune have in common: the lock of the candidates, the journal, the live
 * pointer, and what the journal lacks of its history. Nothing is written before a command commits,
 * so that one that fails has changed nothing.
 */

import { lstatSync } from 'node:fs';
import { join } from 'node:path';

import { onDisk, systemCode } from '../disk/errors.ts';
import { acquireLock } from '../disk/lock.ts';
import { signed, type JournalEvent, type Move, type MoveEvent } from '../journal/event.ts';
import { appendToJournal, JOURNAL_FILE, readJournal } from '../journal/journal.ts';
import { counted } from '../outcome/counted.ts';
import { Failure } from '../outcome/failure.ts';
import { clearHalfSwap, readLivePointer, swapLivePointer } from '../project/liveLink.ts';
import {
  hasMoves,
  pointerHistory,
  settle,
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
  /** Says what would be done, and does nothing. */
  readonly dryRun: boolean;
  /** The operator, for the journal; null for the one that the environment names. */
  readonly who: string | null;
}

export interface LivePointer {
  readonly paths: ProjectPaths;
  /** With what the journal lacks. */
  readonly history: PointerHistory;
  /** What the journal lacks, for a person. */
  readonly notes: readonly string[];
  readonly dryRun: boolean;
  /** Writes what the journal lacks, then these events; nothing on a dry run. */
  readonly commit: (events: readonly JournalEvent[]) => void;
}

/** Runs `work` under the lock, with a journal that holds. */
export async function withLivePointer<T>(
  command: Move | 'prune',
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
  command: Move | 'prune',
  paths: ProjectPaths,
  { dryRun, who }: PointerOptions,
  env: Environment,
): LivePointer {
  const journal = readJournal(paths.journal);
  const told = pointerHistory(journal, join(paths.journal, JOURNAL_FILE));
  const found = readLivePointer(paths.live);
  if (found !== null && !hasMoves(journal)) throw forgotten(paths);
  let { events: missing, ...settled } = settle(told, found, env.now().toISOString());
  return {
    paths,
    history: settled.history,
    notes: settled.notes,
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

/** What was live before, and where a rollback goes, would be lost with the lines that say so. */
function forgotten({ journal, live }: ProjectPaths): Failure {
  return new Failure('JOURNAL', {
    what: 'storage_live leads to a candidate, but the journal has no line of any that was made live',
    where: join(journal, JOURNAL_FILE),
    hint: `put back the copy of the journal that you keep elsewhere; if somebody has made the link by hand, remove ${live}`,
  });
}

/** What the journal says of a move before it is made. */
type Intent = Pick<MoveEvent, 'from' | 'dataRoot' | 'warningsAllowed' | 'expected'>;

/**
 * Journals the intent, switches the link, journals that it is done; does not wait in between, so
 * that an interrupted command has done nothing. Returns what a person should know besides.
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
    // The link and the intent are on the disk: this was done, whoever can write it down.
    return ['the journal could not be written; the next command will note that this was done'];
  }
}

/** Computes everything in a candidate again; what is not whole and its own may not go live. */
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
    hint: 'see sealift verify-checksums --candidate DIR, and build it again',
  });
}

/** Nothing is made in a folder that has never seen a candidate. */
function assertStore(candidates: string): void {
  if (lstatSync(candidates, { throwIfNoEntry: false }) !== undefined) return;
  throw new Failure('CANDIDATE', {
    what: 'there is no candidate',
    where: candidates,
    hint: 'build one with sealift migrate, or name the project folder with --project',
  });
}
