/** What status says of a project, as lines. Pure. */

import type { Holder } from '../disk/lock.ts';
import type { WritesState } from '../journal/frozenWrites.ts';
import type { Journal } from '../journal/line.ts';
import { previousOf, type PointerHistory } from '../journal/pointerHistory.ts';
import type { JournaledReconcile } from '../journal/reconciledEntry.ts';
import type { JournaledScan } from '../journal/scanEntry.ts';
import type { TargetStanding } from '../journal/targetMoves.ts';
import { ageOf } from '../outcome/age.ts';
import { counted } from '../outcome/counted.ts';
import type { RunFile } from '../seal/format.ts';
import type { NextStep } from './nextStep.ts';

export interface Standing {
  readonly history: PointerHistory;
  readonly notes: readonly string[];
  readonly names: readonly string[];
  /** Names of kept candidates (see keptOf) whose seal id differs from their name. */
  readonly changed: ReadonlySet<string>;
  /** Names of those that have no list of checksums any more. */
  readonly emptied: ReadonlySet<string>;
  /** Names of kept candidates that no migrate of the project has sealed. */
  readonly unrecorded: ReadonlySet<string>;
  readonly built: string | null;
  /** Name of the candidate that was sealed last. */
  readonly last: string | null;
  readonly run: RunFile | null;
  readonly scan: JournaledScan | null;
  readonly checksCurrent: boolean;
  /** The last comparison of a target with a seal. */
  readonly reconciled: JournaledReconcile | null;
  /** The last move in each target, of each name that applications read there. */
  readonly targets: readonly TargetStanding[];
  /** Number of approvals that what is built still needs, after its scan. */
  readonly missingApprovals: number;
  /** Sources that are frozen, or whose freeze or unfreeze was not finished; by name. */
  readonly writes: ReadonlyMap<string, WritesState>;
  readonly journal: Journal;
  readonly lock: Holder | null;
  /** Part of the project that is missing, as a clause; null for none. */
  readonly missing: string | null;
  /** Path of the newest snapshot, relative to the project. */
  readonly snapshot: string | null;
}

/** Maximum number of listed candidates that prune would remove. */
const OTHERS = 8;

/** Returns the lines of status. */
export function linesOf(standing: Standing, next: NextStep, now: Date): string[] {
  const { history, notes, names, built, last, run, journal, lock } = standing;
  const there = (name: string): string => {
    if (!names.includes(name)) return `${name}, no longer there`;
    if (standing.emptied.has(name)) return `${name}, emptied: its list of checksums is missing`;
    if (standing.changed.has(name)) return `${name}, changed: its seal id differs from its name`;
    return standing.unrecorded.has(name) ? `${name}, not sealed by this project` : name;
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
  for (const [at, line] of reconciledLines(standing.reconciled, now).entries()) {
    add(at === 0 ? 'reconciled' : '', line);
  }
  for (const target of standing.targets) {
    for (const [at, line] of targetLines(target).entries()) add(at === 0 ? 'target' : '', line);
  }
  if (standing.snapshot !== null) add('snapshot', standing.snapshot);
  add('sealed', counted(names.length, 'candidate'));
  const shown = new Set([live, before, built]);
  const others = names.filter((name) => !shown.has(name));
  for (const name of others.slice(0, OTHERS)) add('', name);
  if (others.length > OTHERS) add('', `and ${others.length - OTHERS} more`);
  for (const [source, state] of standing.writes) add('writes', writesLine(source, state));
  const { entries, head } = journal;
  add('journal', entries.length === 0 ? 'empty' : head);
  if (entries.length > 0) add('', `is its head, after ${counted(entries.length, 'line')}`);
  add(
    'at work',
    lock === null ? 'nothing' : `${lock.command}, process ${lock.pid}, since ${lock.since}`,
  );
  lines.push(...notes);
  add('next', next.command === null ? next.why : `${next.why}: ${next.command}`);
  return lines;
}

function writesLine(source: string, { state, last }: WritesState): string {
  return state === 'frozen'
    ? `of ${source} are frozen, since ${last?.at}`
    : `of ${source}: ${last?.change} was begun at ${last?.at}, and not finished`;
}

/** Returns what the last comparison of a target has shown, with its age; empty if there was none. */
function reconciledLines(last: JournaledReconcile | null, now: Date): string[] {
  if (last === null) return [];
  const { verdict, sealId, target, schema, counts, at } = last;
  const { missing, extra, changed, incomparable } = counts;
  const found =
    verdict === 'PASS'
      ? ''
      : `, ${missing} missing, ${extra} extra, ${changed} changed, ${incomparable} not compared`;
  return [
    `${verdict}${found}, ${ageOf(at, now)} ago, at ${at}`,
    `seal ${sealId.slice(0, 8)}, ${target}${schema === '' ? '' : `, schema ${schema}`}`,
  ];
}

/** Returns what is live in a target, and since when, as the journal has it. */
function targetLines({ target, live, sealId, move, at, isOpen }: TargetStanding): string[] {
  const place = `${target}, ${JSON.stringify(live)}`;
  if (isOpen) return [place, `a ${move} was begun at ${at}, and it is not journaled how it ended`];
  return [place, `seal ${sealId?.slice(0, 8) ?? 'unknown'} is live, by a ${move} at ${at}`];
}

function scanLine({ built, scan, checksCurrent }: Standing): string {
  if (built === null) return 'nothing to scan';
  if (scan === null) return 'not yet scanned';
  const { BLOCKER, WARNING } = scan.counts;
  const found = scan.verdict === 'PASS' ? '' : `, ${BLOCKER} BLOCKER, ${WARNING} WARNING`;
  const checks = checksCurrent ? '' : ', but the checks of the mapping have changed since';
  return `${scan.verdict}${found}, at ${scan.at}${checks}`;
}
