/**
 * status: where a project stands, and what would come next. Reads links, the journal and the lock;
 * changes nothing and verifies no candidate.
 */

import { CHECKS } from '../outcome/checks.ts';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

import { onRead } from '../disk/errors.ts';
import { lockHolder, type Holder } from '../disk/lock.ts';
import { eventOf } from '../journal/event.ts';
import type { Journal } from '../journal/line.ts';
import { JOURNAL_FILE, readJournal } from '../journal/journal.ts';
import { loadMapping } from '../mapping/load.ts';
import { counted } from '../outcome/counted.ts';
import { Failure } from '../outcome/failure.ts';
import { actionOutcome, type Outcome } from '../outcome/outcome.ts';
import { checksDigest } from '../promote/checksDigest.ts';
import { readLivePointer } from '../project/liveLink.ts';
import { nextStep, type NextStep } from '../promote/nextStep.ts';
import {
  pointerHistory,
  previousOf,
  recover,
  type PointerHistory,
} from '../journal/pointerHistory.ts';
import { lastScan, type JournaledScan } from '../journal/scanEntry.ts';
import { sealedLast, isHeld } from '../journal/sealedEntry.ts';
import { parseCanonical } from '../seal/candidateFinding.ts';
import { MAX_SEAL_FILE, readPlainFile } from '../seal/files.ts';
import { RUN_FILE, type RunFile } from '../seal/format.ts';
import {
  currentName,
  isMisnamed,
  sealedNames,
  sealedPath,
  sealIdOf,
} from '../seal/sealedFolders.ts';
import { asRunFile } from '../seal/sealSchemas.ts';
import type { Environment } from '../run/environment.ts';
import { projectPaths, type ProjectPaths } from '../project/paths.ts';

interface Standing {
  readonly history: PointerHistory;
  readonly notes: readonly string[];
  readonly names: readonly string[];
  /** Names of those, of what is live, was before and is built, that are not what their name says. */
  readonly changed: ReadonlySet<string>;
  /** Names of the same that no migrate of the project has sealed. */
  readonly foreign: ReadonlySet<string>;
  readonly built: string | null;
  /** Name of the one that was sealed last. */
  readonly last: string | null;
  readonly run: RunFile | null;
  readonly scan: JournaledScan | null;
  readonly checksCurrent: boolean;
  readonly journal: Journal;
  readonly lock: Holder | null;
}

/** @throws Failure JOURNAL where the journal does not hold, CANDIDATE where the link is foreign */
export async function status(project: string, env: Environment): Promise<Outcome> {
  const paths = projectPaths(project);
  const standing = await onRead(paths.candidates, () => standingOf(paths, env));
  const next = nextOf(paths, standing);
  return actionOutcome({
    command: 'status',
    facts: factsOf(standing, next),
    notes: linesOf(standing, next),
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
  const checks = await currentChecks(paths);
  const names = sealedNames(store);
  const shown = names.filter((name) => keptOf(history, built).has(name));
  return {
    history,
    // While one of these is at work, its move is not interrupted.
    notes: lock?.command === 'promote' || lock?.command === 'rollback' ? [] : notes,
    names,
    changed: new Set(shown.filter((name) => isMisnamed(sealedPath(store, name)))),
    foreign: new Set(shown.filter((name) => !isHeld(journal, sealIdOf(name)))),
    last: sealedLast(journal, names),
    built,
    run: built === null ? null : runOf(sealedPath(store, built)),
    scan,
    checksCurrent: checks !== null && scan?.checks === checks,
    journal,
    lock,
  };
}

/** Null where there is no mapping that can be read. */
async function currentChecks({ root }: ProjectPaths): Promise<string | null> {
  try {
    return checksDigest(await loadMapping(root), CHECKS);
  } catch (error) {
    if (error instanceof Failure) return null;
    throw error;
  }
}

/** What the candidate states of its run; null where that is not readable. */
function runOf(folder: string): RunFile | null {
  const bytes = readPlainFile(join(folder, RUN_FILE), MAX_SEAL_FILE);
  return bytes === null ? null : asRunFile(parseCanonical(bytes));
}

function nextOf(paths: ProjectPaths, standing: Standing): NextStep {
  const { history, built, run, scan, checksCurrent, names, lock } = standing;
  const kept = keptOf(history, built);
  return nextStep({
    busy: lock !== null,
    changed: [...standing.changed][0] ?? null,
    unrecorded: built !== null && standing.foreign.has(built),
    older: built !== null && standing.last !== null && standing.last !== built,
    hasMapping: existsSync(join(paths.mapping, 'project.json')),
    built,
    sample: run !== null && 'sample' in run,
    scan,
    checksCurrent,
    live: history.live,
    rolledBack: built !== null && lastMoveLeft(standing.journal) === built,
    prunable: names.filter((name) => !kept.has(name)).length,
  });
}

/** What prune keeps without being told. */
function keptOf(history: PointerHistory, built: string | null): Set<string | null> {
  return new Set([history.live, previousOf(history), built]);
}

/** What the last move, if it was a rollback, went back from. */
function lastMoveLeft({ entries }: Journal): string | null {
  const moves = entries.map(eventOf).filter((event) => event.event === 'move');
  const last = moves.findLast(({ step }) => step === 'intended');
  return last?.move === 'rollback' ? (last.from ?? null) : null;
}

function factsOf(standing: Standing, next: NextStep): Record<string, unknown> {
  const { history, names, built, run, scan, checksCurrent, journal, lock } = standing;
  const candidate = (name: string): Record<string, unknown> => {
    const facts = { name, sealId: sealIdOf(name), there: names.includes(name) };
    const changed = standing.changed.has(name) ? { changed: true } : {};
    return { ...facts, ...changed, ...(standing.foreign.has(name) ? { sealedHere: false } : {}) };
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
    candidates: names,
    journal: { entries: journal.entries.length, head: journal.head, torn: journal.torn.length },
    lock,
    next,
  };
}

/** How many candidates are listed that are neither live, nor were, nor current. */
const OTHERS = 8;

function linesOf(standing: Standing, next: NextStep): string[] {
  const { history, notes, names, built, last, run, journal, lock } = standing;
  const there = (name: string): string => {
    if (!names.includes(name)) return `${name}, no longer there`;
    if (standing.changed.has(name)) return `${name}, changed: its seal id is another`;
    return standing.foreign.has(name) ? `${name}, sealed by no migrate of this project` : name;
  };
  const lines: string[] = [];
  const add = (label: string, text: string): void => {
    lines.push(`${label.padEnd(11)}${text}`);
  };
  const { live, since, byCommand } = history;
  add('live', live === null ? 'nothing' : there(live));
  if (since !== null) add('', byCommand ? `since ${since}` : 'changed by hand');
  const before = previousOf(history);
  add('before it', before === null ? 'nothing' : there(before));
  add('built', built === null ? 'nothing' : there(built));
  if (run !== null) add('', `run ${run.runId}`);
  if (built !== null && last !== null && last !== built) add('', `but ${last} was sealed after it`);
  add('scan', scanLine(standing));
  add('sealed', counted(names.length, 'candidate'));
  const shown = new Set([live, before, built]);
  const others = names.filter((name) => !shown.has(name));
  for (const name of others.slice(0, OTHERS)) add('', name);
  if (others.length > OTHERS) add('', `and ${others.length - OTHERS} more`);
  const { entries, head } = journal;
  add('journal', entries.length === 0 ? 'empty' : head);
  if (entries.length > 0) add('', `is its head, after ${counted(entries.length, 'line')}`);
  add(
    'at work',
    lock === null ? 'nobody' : `${lock.command}, process ${lock.pid}, since ${lock.since}`,
  );
  lines.push(...notes);
  add('next', next.command === null ? next.why : `${next.why}: ${next.command}`);
  return lines;
}

function scanLine({ built, scan, checksCurrent }: Standing): string {
  if (built === null) return 'nothing to scan';
  if (scan === null) return 'none of what is built';
  const { BLOCKER, WARNING } = scan.counts;
  const found = scan.verdict === 'PASS' ? '' : `, ${BLOCKER} BLOCKER, ${WARNING} WARNING`;
  const checks = checksCurrent ? '' : ', by other checks than those of the mapping now';
  return `${scan.verdict}${found}, at ${scan.at}${checks}`;
}
