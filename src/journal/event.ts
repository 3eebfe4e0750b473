/**
 * What a journal tells, as types. In the file an event is a name and members (docs/journal.md):
 * {@link membersOf} writes them, and {@link eventOf} is the one place that reads them. Pure.
 *
 * Members by which no command decides are optional, as readers do not ask for them. What is not known
 * here is `unknown`: this version verifies the chain of a journal that a newer one has written to.
 */

import type { JournalEntry, JournalMembers } from './line.ts';
import type { Severity, Verdict } from '../outcome/finding.ts';
import { isSealedName } from '../seal/sealedFolders.ts';

const MOVES = ['promote', 'rollback'] as const;
const STEPS = ['intended', 'done', 'not-done'] as const;

/** A command that changes what is live. */
export type Move = (typeof MOVES)[number];

/** `not-done`: it was killed before it switched the link. */
export type MoveStep = (typeof STEPS)[number];

/** The verdict of a full scan. */
export interface ScanVerdict {
  readonly sealId: string;
  /** See checksDigest.ts; null where the candidate did not verify, so that nothing was checked. */
  readonly checks: string | null;
  readonly verdict: Verdict;
  readonly counts: Readonly<Record<Severity, number>>;
}

/** A step of a move of the live link; `promote-intended` in the file. */
export interface MoveEvent {
  readonly event: 'move';
  readonly move: Move;
  readonly step: MoveStep;
  /** Name of the candidate's folder. */
  readonly to: string;
  readonly sealId?: string;
  /** What was live; null where nothing was. Of an intent only, as what follows. */
  readonly from?: string | null;
  readonly dataRoot?: string | null;
  /** Of a promotion: how many warnings of the scan were accepted. */
  readonly warningsAllowed?: number;
  /** Of a promotion: whether the seal id was given by `--expect-seal`; left out where not. */
  readonly expected?: true;
  /** Whether a later command has found out that it ended so; left out where not. */
  readonly recovered?: true;
}

export type JournalEvent =
  | { readonly event: 'begin'; readonly format: number }
  | { readonly event: 'cut'; readonly bytes: number; readonly sha256: string }
  | {
      readonly event: 'sealed';
      readonly candidate: string;
      readonly sealId: string;
      readonly dataRoot?: string;
    }
  | ({ readonly event: 'scan' } & ScanVerdict)
  | MoveEvent
  | {
      readonly event: 'pointer-found';
      readonly found: string | null;
      readonly expected?: string | null;
    }
  | { readonly event: 'prune'; readonly candidates: readonly string[] };

/** An event that this version does not know, or that lacks what it has to have: it decides nothing. */
export interface UnknownEvent {
  readonly event: 'unknown';
}

/** An event of the live link without the members that it has to have: the history cannot go on. */
export interface MalformedEvent {
  readonly event: 'malformed';
}

/** An event with the operator, where one was named. */
export type SignedEvent = JournalEvent & { readonly who?: string };

/** The event with the operator, where there is one. */
export function signed(event: JournalEvent, who: string | null): SignedEvent {
  return who === null ? event : { ...event, who };
}

/** The event as it stands in the file. */
export function membersOf(event: SignedEvent): JournalMembers {
  if (event.event !== 'move') return { ...event };
  const { move, step, ...members } = event;
  return { ...members, event: `${move}-${step}` };
}

/** The event that an entry tells. */
export function eventOf(entry: JournalEntry): JournalEvent | UnknownEvent | MalformedEvent {
  return READERS.get(entry.event)?.(entry) ?? { event: 'unknown' };
}

/** The event with these members; null where they are not what it has to have. */
type Reader = (members: JournalMembers) => JournalEvent | MalformedEvent | null;

const READERS: ReadonlyMap<string, Reader> = new Map<string, Reader>([
  ['begin', ({ format }) => (isCount(format) ? { event: 'begin', format } : null)],
  ['cut', readCut],
  ['sealed', readSealed],
  ['scan', readScan],
  ['pointer-found', readFound],
  ['prune', readPrune],
  ...MOVES.flatMap((move) =>
    STEPS.map((step): [string, Reader] => [
      `${move}-${step}`,
      (members) => readMove(move, step, members),
    ]),
  ),
]);

/** Names of the events as they stand in the file. */
export const EVENT_NAMES: readonly string[] = [...READERS.keys()];

function readCut({ bytes, sha256 }: JournalMembers): JournalEvent | null {
  return isCount(bytes) && isText(sha256) ? { event: 'cut', bytes, sha256 } : null;
}

function readSealed({ candidate, sealId, dataRoot }: JournalMembers): JournalEvent | null {
  if (!isText(candidate) || !isText(sealId)) return null;
  return { event: 'sealed', candidate, sealId, ...(isText(dataRoot) ? { dataRoot } : {}) };
}

/** Fails closed: a scan with anything missing counts as one that failed. */
function readScan({ sealId, checks, verdict, counts }: JournalMembers): JournalEvent | null {
  if (!isText(sealId)) return null;
  const numbers = typeof counts === 'object' ? (counts as Record<string, unknown> | null) : null;
  const count = (name: Severity): number => {
    const number = numbers?.[name];
    return Number.isSafeInteger(number) ? Number(number) : Number.POSITIVE_INFINITY;
  };
  const [BLOCKER, WARNING, INFO] = [count('BLOCKER'), count('WARNING'), count('INFO')];
  const passed = verdict === 'PASS' && BLOCKER + WARNING === 0;
  const warned = verdict === 'WARN' && BLOCKER === 0;
  return {
    event: 'scan',
    sealId,
    checks: isText(checks) ? checks : null,
    verdict: passed ? 'PASS' : warned ? 'WARN' : 'FAIL',
    counts: { BLOCKER, WARNING, INFO },
  };
}

function readMove(move: Move, step: MoveStep, members: JournalMembers): MoveEvent | MalformedEvent {
  const { to, sealId, from, dataRoot, warningsAllowed, expected, recovered } = members;
  if (!isText(to) || !isSealedName(to)) return { event: 'malformed' };
  return {
    event: 'move',
    move,
    step,
    to,
    ...(isText(sealId) ? { sealId } : {}),
    ...(isNameOrNull(from) ? { from } : {}),
    ...(isText(dataRoot) || dataRoot === null ? { dataRoot } : {}),
    ...(isCount(warningsAllowed) ? { warningsAllowed } : {}),
    ...(expected === true ? { expected } : {}),
    ...(recovered === true ? { recovered } : {}),
  };
}

function readFound({ found, expected }: JournalMembers): JournalEvent | MalformedEvent {
  if (!isNameOrNull(found)) return { event: 'malformed' };
  return { event: 'pointer-found', found, ...(isNameOrNull(expected) ? { expected } : {}) };
}

function readPrune({ candidates }: JournalMembers): JournalEvent | null {
  const named = Array.isArray(candidates) && candidates.every(isText);
  return named ? { event: 'prune', candidates } : null;
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}

function isNameOrNull(value: unknown): value is string | null {
  return value === null || (isText(value) && isSealedName(value));
}
