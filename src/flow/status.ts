/**
 * status: tells what is live, built and scanned, and what would come next. Reads links, the journal
 * and the lock; changes nothing and verifies no candidate.
 */

import { CHECKS } from '../outcome/checks.ts';
import { existsSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

import { onRead } from '../disk/errors.ts';
import { lockHolder } from '../disk/lock.ts';
import { eventOf } from '../journal/readEvent.ts';
import { sourcesOfWrites, writesState, type WritesState } from '../journal/frozenWrites.ts';
import type { Journal } from '../journal/line.ts';
import { JOURNAL_FILE, readJournal } from '../journal/journal.ts';
import { loadMapping } from '../mapping/loadMapping.ts';
import { hasSideFile } from '../mapping/sideFile.ts';
import { Failure } from '../outcome/failure.ts';
import { actionOutcome, type Outcome } from '../outcome/outcome.ts';
import { checksDigest } from '../promote/checksDigest.ts';
import { readLivePointer } from '../project/liveLink.ts';
import { missingApprovals } from '../promote/missingApprovals.ts';
import { linesOf, type Standing } from '../promote/statusLines.ts';
import { targetStandings } from '../journal/targetMoves.ts';
import { nextStep, type NextStep } from '../promote/nextStep.ts';
import {
  pointerHistory,
  previousOf,
  recover,
  type PointerHistory,
} from '../journal/pointerHistory.ts';
import { lastReconcile } from '../journal/reconciledEntry.ts';
import { lastScan } from '../journal/scanEntry.ts';
import { sealedLast, isHeld, isPruned } from '../journal/sealedEntry.ts';
import { parseCanonical } from '../seal/candidateFinding.ts';
import { MAX_SEAL_FILE, readPlainFile } from '../seal/files.ts';
import { RUN_FILE, type RunFile } from '../seal/format.ts';
import {
  computedSealId,
  currentName,
  isMisnamed,
  sealedNames,
  sealedPath,
  sealIdOf,
} from '../seal/sealedFolders.ts';
import { asRunFile } from '../seal/sealSchemas.ts';
import { newestSnapshot } from '../snapshot/snapshotName.ts';
import type { Environment } from '../run/environment.ts';
import { projectPaths, type ProjectPaths } from '../project/paths.ts';

/**
 * Reads the state of a project.
 * @throws Failure JOURNAL if the journal does not verify, CANDIDATE if the live link is not
 * Sealift's
 */
export async function status(project: string, env: Environment): Promise<Outcome> {
  const paths = projectPaths(project);
  const standing = await onRead(paths.candidates, () => standingOf(paths, env));
  const next = nextOf(paths, standing);
  return actionOutcome({
    command: 'status',
    facts: factsOf(standing, next),
    notes: linesOf(standing, next, env.now()),
  });
}

async function standingOf(paths: ProjectPaths, env: Environment): Promise<Standing> {
  const store = paths.candidates;
  const lock = lockHolder(store);
  const journal = readJournal(paths.journal);
  const told = pointerHistory(journal, join(paths.journal, JOURNAL_FILE));
  const found = readLivePointer(paths.live);
  const { history, notes } = recover(told, found, env.now().toISOString());
  const built = currentName(store);
  const scan = built === null ? null : lastScan(journal, sealIdOf(built));
  const checks = await currentChecks(paths, env.now());
  const names = sealedNames(store);
  const shown = names.filter((name) => keptOf(history, built).has(name));
  const run = built === null ? null : runOf(sealedPath(store, built));
  const isScanned = built !== null && run !== null && scan !== null && built !== history.live;
  return {
    history,
    // An unfinished move of a command that still runs is not an interrupted one.
    notes: lock?.command === 'promote' || lock?.command === 'rollback' ? [] : notes,
    names,
    changed: new Set(shown.filter((name) => isMisnamed(sealedPath(store, name)))),
    emptied: new Set(shown.filter((name) => computedSealId(sealedPath(store, name)) === null)),
    unrecorded: new Set(shown.filter((name) => !isHeld(journal, sealIdOf(name)))),
    last: sealedLast(journal, names),
    built,
    run,
    scan,
    missingApprovals: isScanned
      ? await missingApprovals(paths, journal, { name: built, run, scan }, env)
      : 0,
    // A scan of a candidate that did not verify has no checks, and is no older for it.
    checksCurrent: scan?.checks === null || (checks !== null && scan?.checks === checks),
    reconciled: lastReconcile(journal),
    targets: targetStandings(journal),
    writes: notWritable(paths, journal),
    journal,
    lock,
    missing: missingPart(paths, { journal, history, names, built }),
    snapshot: shownSnapshot(paths),
  };
}

/** Returns the sources that the journal does not say are writable. */
function notWritable(
  { journal: folder }: ProjectPaths,
  journal: Journal,
): Map<string, WritesState> {
  const where = join(folder, JOURNAL_FILE);
  const states = sourcesOfWrites(journal).map((source) => {
    return [source, writesState(journal, source, where)] as const;
  });
  return new Map(states.filter(([, { state }]) => state !== 'writable'));
}

/** Returns what is missing that was there according to the journal, or to what is left. */
function missingPart(
  paths: ProjectPaths,
  { journal, history, names, built }: Pick<Standing, 'journal' | 'history' | 'names' | 'built'>,
): string | null {
  const isGone = (name: string | null): boolean => {
    return name !== null && !names.includes(name) && !isPruned(journal, name);
  };
  if (isGone(history.live)) return 'the live candidate is missing';
  if (isGone(previousOf(history))) return 'the candidate that was live before is missing';
  const isBuilt = names.length > 0 || built !== null;
  if (journal.entries.length === 0 && isBuilt) return 'the journal is missing';
  if (!hasMapping(paths) && journal.entries.length > 0) return 'the mapping is missing';
  return null;
}

/** Returns the path of the newest snapshot, relative to the project; null if there is none. */
function shownSnapshot({ live, snapshots }: ProjectPaths): string | null {
  const newest = newestSnapshot(snapshots);
  return newest === null ? null : relative(dirname(live), newest);
}

function hasMapping({ mapping }: ProjectPaths): boolean {
  return existsSync(join(mapping, 'project.json'));
}

/** Returns the digest of the checks; null if no mapping can be read. */
async function currentChecks({ root }: ProjectPaths, now: Date): Promise<string | null> {
  try {
    return checksDigest(await loadMapping(root), CHECKS, now);
  } catch (error) {
    if (error instanceof Failure) return null;
    throw error;
  }
}

/** Reads the candidate's run.json; null if it is not readable. */
function runOf(folder: string): RunFile | null {
  const bytes = readPlainFile(join(folder, RUN_FILE), MAX_SEAL_FILE);
  return bytes === null ? null : asRunFile(parseCanonical(bytes));
}

function nextOf(paths: ProjectPaths, standing: Standing): NextStep {
  const { history, built, run, names, lock, writes } = standing;
  const unfinished = [...writes.values()].find(({ state }) => state === 'unsettled');
  const kept = keptOf(history, built);
  return nextStep({
    busy: lock !== null,
    changed: [...standing.changed][0] ?? null,
    unfinishedChange: unfinished?.last?.change ?? null,
    unrecorded: built !== null && standing.unrecorded.has(built),
    older: built !== null && standing.last !== null && standing.last !== built,
    missing: standing.missing,
    snapshot: standing.snapshot,
    hasMapping: hasMapping(paths),
    built,
    sample: run !== null && 'sample' in run,
    scan: standing.scan,
    checksCurrent: standing.checksCurrent,
    missingApprovals: standing.missingApprovals,
    live: history.live,
    rolledBack: built !== null && lastMoveLeft(standing.journal) === built,
    prunable: names.filter((name) => !kept.has(name)).length,
    smoke: hasSideFile(paths.mapping, 'smoke.json') ? smokeOf(standing) : null,
    canGoBack: names.includes(previousOf(history) ?? ''),
  });
}

/** Returns how the last smoke test ended since the last move; null if nothing is live. */
function smokeOf({ history, journal }: Standing): 'due' | 'passed' | 'failed' | null {
  if (history.live === null) return null;
  const events = journal.entries.map(eventOf);
  const moved = events.findLastIndex(({ event }) => event === 'move' || event === 'pointer-found');
  const tests = events.slice(moved + 1).filter((event) => event.event === 'smoke');
  const last = tests.findLast(({ sealId }) => sealId === sealIdOf(history.live ?? ''));
  if (last === undefined) return 'due';
  return last.verdict === 'FAIL' ? 'failed' : 'passed';
}

/** Returns the candidates that prune keeps by default: live, the one before it, built. */
function keptOf(history: PointerHistory, built: string | null): Set<string | null> {
  return new Set([history.live, previousOf(history), built]);
}

/** Returns the candidate that the last move left, if that was a rollback. */
function lastMoveLeft({ entries }: Journal): string | null {
  const moves = entries.map(eventOf).filter((event) => event.event === 'move');
  const last = moves.findLast(({ step }) => step === 'intended');
  return last?.move === 'rollback' ? (last.from ?? null) : null;
}

function factsOf(standing: Standing, next: NextStep): Record<string, unknown> {
  const { history, names, built, run, scan, checksCurrent, writes, journal, lock } = standing;
  const candidate = (name: string): Record<string, unknown> => {
    const facts = { name, sealId: sealIdOf(name), there: names.includes(name) };
    const changed = standing.changed.has(name) ? { changed: true } : {};
    return {
      ...facts,
      ...changed,
      ...(standing.unrecorded.has(name) ? { sealedHere: false } : {}),
    };
  };
  return {
    live:
      history.live === null
        ? null
        : { ...candidate(history.live), since: history.since, byCommand: history.byCommand },
    before: history.before.map(candidate),
    built:
      built === null
        ? null
        : { ...candidate(built), runId: run?.runId ?? null, dataRoot: run?.dataRoot ?? null },
    scan: scan === null ? null : { ...scan, checksCurrent },
    reconciled: standing.reconciled,
    targets: standing.targets,
    missingApprovals: standing.missingApprovals,
    candidates: names,
    writes: [...writes].map(([source, { state, last }]) => {
      return { source, state, since: last?.at ?? null, label: last?.label ?? null };
    }),
    journal: { entries: journal.entries.length, head: journal.head, torn: journal.torn.length },
    lock,
    missing: standing.missing,
    snapshot: standing.snapshot,
    next,
  };
}
