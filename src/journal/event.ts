/**
 * Types of the events in a journal. In the file an event is a name and members (docs/journal.md):
 * {@link membersOf} writes them, and only {@link eventOf} reads them. Pure.
 *
 * Members that no command depends on are optional. An event of a newer version is `unknown`, so
 * that this version can still verify the chain of its journal.
 */

import type { JournalEntry, JournalMembers } from './line.ts';
import type { Severity, Verdict } from '../outcome/finding.ts';
import { isSealedName } from '../seal/sealedFolders.ts';

const MOVES = ['promote', 'rollback'] as const;
const STEPS = ['intended', 'done', 'not-done'] as const;

/** Command that changes which candidate is live. */
export type Move = (typeof MOVES)[number];

/** Step of a move; `not-done`: the command was killed before it switched the link. */
type MoveStep = (typeof STEPS)[number];

/** Verdict of a full scan. */
export interface ScanVerdict {
  readonly sealId: string;
  /** See checksDigest.ts; null if the candidate did not verify, so that no check was run. */
  readonly checks: string | null;
  readonly verdict: Verdict;
  readonly counts: Readonly<Record<Severity, number>>;
}

/** Step of a move of the live link; in the file an event such as `promote-intended`. */
export interface MoveEvent {
  readonly event: 'move';
  readonly move: Move;
  readonly step: MoveStep;
  /** Name of the candidate's folder. */
  readonly to: string;
  readonly sealId?: string;
  /** Name of the candidate that was live, or null. This and the next three: in an intent only. */
  readonly from?: string | null;
  readonly dataRoot?: string | null;
  /** Number of warnings of the scan that a promotion accepted. */
  readonly warningsAllowed?: number;
  /** Whether the seal id of a promotion was given by `--expect-seal`; absent if not. */
  readonly expected?: true;
  /** Whether a later command has recovered how the move ended; absent if not. */
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

/** Event that this version does not know, or without its required members; it has no effect. */
export interface UnknownEvent {
  readonly event: 'unknown';
}

/** Event of the live link without its required members; the history ends with a failure. */
export interface MalformedEvent {
  readonly event: 'malformed';
}

/** Event with the operator, if one was named. */
export type SignedEvent = JournalEvent & { readonly who?: string };

/** Adds the operator, if any, to an event. */
export function signed(event: JournalEvent, who: string | null): SignedEvent {
  return who === null ? event : { ...event, who };
}

/** Returns the members of an event as they are in the file. */
export function membersOf(event: SignedEvent): JournalMembers {
  if (event.event !== 'move') return { ...event };
  const { move, step, ...members } = event;
  return { ...members, event: `${move}-${step}` };
}

/** Reads the event of an entry. */
export function eventOf(entry: JournalEntry): JournalEvent | UnknownEvent | MalformedEvent {
  return READERS.get(entry.event)?.(entry) ?? { event: 'unknown' };
}

/** Reads an event from its members; null if required ones are missing or invalid. */
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

/** Names of the events in the file. */
export const EVENT_NAMES: readonly string[] = [...READERS.keys()];

function readCut({ bytes, sha256 }: JournalMembers): JournalEvent | null {
  return isCount(bytes) && isText(sha256) ? { event: 'cut', bytes, sha256 } : null;
}

function readSealed({ candidate, sealId, dataRoot }: JournalMembers): JournalEvent | null {
  if (!isText(candidate) || !isText(sealId)) return null;
  return { event: 'sealed', candidate, sealId, ...(isText(dataRoot) ? { dataRoot } : {}) };
}

/** Reads a scan; one with missing members counts as failed. */
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
