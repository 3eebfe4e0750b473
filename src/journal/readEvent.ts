/**
 * Reads the events of a journal from their members in the file (event.ts, docs/journal.md). Pure.
 * An event that this version does not know, or that lacks what it needs, has no effect; of the live
 * link and of the writes of a source, one that lacks what it needs is `malformed`.
 */

import {
  MOVES,
  PROOFS_OF_CURRENCY,
  SECRET_CHANGES,
  STEPS,
  WRITE_CHANGES,
  type AttachmentsEvent,
  type CutoverEvent,
  type ChangeStep,
  type JournalEvent,
  type KeysEvent,
  type MalformedEvent,
  type Move,
  type MoveEvent,
  type PromotionBasis,
  type ReconciledCounts,
  type ProofOfCurrency,
  type SecretChange,
  type SecretEvent,
  type SourceState,
  type TargetMoveEvent,
  type TargetPlaced,
  type UnknownEvent,
  type WriteChange,
  type WritesEvent,
} from './event.ts';
import type { JournalEntry, JournalMembers } from './line.ts';
import type { Severity } from '../outcome/finding.ts';
import { isSealedName } from '../seal/sealedFolders.ts';

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
  ['mapping-frozen', readFrozen],
  ['approved', readApproved],
  ['snapshot', readSnapshot('snapshot')],
  ['restored', readSnapshot('restored')],
  ['clean', readClean],
  ['load-begun', readLoadBegun],
  ['load-done', readLoadDone],
  ['reconciled', readReconciled],
  ['attachments-begun', readAttachments('begun')],
  ['attachments-ended', readAttachments('ended')],
  ['cutover-begun', readCutover('begun')],
  ['cutover-waits', readCutover('waits')],
  ['cutover-ended', readCutover('ended')],
  ...SECRET_CHANGES.flatMap((change): [string, Reader][] => [
    [`secret-${change}-intended`, readSecret(change, 'intended')],
    [`secret-${change}-done`, readSecret(change, 'done')],
  ]),
  ['keys-begun', readKeysEvent('begun')],
  ['keys-ended', readKeysEvent('ended')],
  ['smoke', readSmoke],
  ['scan', readScan],
  ['pointer-found', readFound],
  ['prune', readPrune],
  ...MOVES.flatMap((move) =>
    STEPS.map((step): [string, Reader] => [
      `${move}-${step}`,
      (members) => readMove(move, step, members),
    ]),
  ),
  ...MOVES.flatMap((move) =>
    STEPS.map((step): [string, Reader] => [
      `target-${move}-${step}`,
      (members) => readTargetMove(move, step, members),
    ]),
  ),
  ...WRITE_CHANGES.flatMap((change) =>
    STEPS.map((step): [string, Reader] => [
      `writes-${change}-${step}`,
      (members) => readWrites(change, step, members),
    ]),
  ),
]);

/** Names of the events in the file. */
export const EVENT_NAMES: readonly string[] = [...READERS.keys()];

function readCut({ bytes, sha256 }: JournalMembers): JournalEvent | null {
  return isCount(bytes) && isText(sha256) ? { event: 'cut', bytes, sha256 } : null;
}

function readSealed(members: JournalMembers): JournalEvent | null {
  const { candidate, sealId, dataRoot, runId, begunAfter, sources } = members;
  if (!isText(candidate) || !isText(sealId)) return null;
  return {
    event: 'sealed',
    candidate,
    sealId,
    ...(isText(dataRoot) ? { dataRoot } : {}),
    ...(isText(runId) ? { runId } : {}),
    ...(isCount(begunAfter) ? { begunAfter } : {}),
    ...(Array.isArray(sources) && sources.every(isSourceState) ? { sources } : {}),
  };
}

function isSourceState(value: unknown): value is SourceState {
  const { name, state } = Object(value) as Record<string, unknown>;
  return isText(name) && (state === null || isText(state));
}

/** Reads a change of a source's writes; one with missing members ends with a failure. */
function readWrites(
  change: WriteChange,
  step: ChangeStep,
  { source, label, before, barrier, recovered }: JournalMembers,
): WritesEvent | MalformedEvent {
  if (!isText(source) || !isText(label)) return { event: 'malformed' };
  return {
    event: 'writes',
    change,
    step,
    source,
    label,
    ...(isText(before) ? { before } : {}),
    ...(isText(barrier) ? { barrier } : {}),
    ...(recovered === true ? { recovered } : {}),
  };
}

function readFrozen({ digest, file, required }: JournalMembers): JournalEvent | null {
  if (!isText(digest)) return null;
  const requires = required === true ? { required: true as const } : {};
  return { event: 'mapping-frozen', digest, ...(isText(file) ? { file } : {}), ...requires };
}

function readApproved({ sealId, approval, signer }: JournalMembers): JournalEvent | null {
  if (!isText(sealId) || !isText(approval)) return null;
  return { event: 'approved', sealId, approval, signer: isText(signer) ? signer : null };
}

function readSnapshot(event: 'snapshot' | 'restored'): Reader {
  return ({ snapshot, head }) =>
    isText(snapshot) && isText(head) ? { event, snapshot, head } : null;
}

function readClean({ removed }: JournalMembers): JournalEvent | null {
  return isTexts(removed) ? { event: 'clean', removed } : null;
}

function readLoadBegun({ sealId, target, dataRoot }: JournalMembers): JournalEvent | null {
  if (!isText(sealId) || !isText(target)) return null;
  return { event: 'load-begun', sealId, target, ...(isText(dataRoot) ? { dataRoot } : {}) };
}

function readLoadDone({ sealId, target, records }: JournalMembers): JournalEvent | null {
  if (!isText(sealId) || !isText(target)) return null;
  return { event: 'load-done', sealId, target, ...(isCount(records) ? { records } : {}) };
}

function readAttachments(step: AttachmentsEvent['step']): Reader {
  return ({ command, run, line, head, counts }) => {
    if (!isText(command) || !isText(run) || !isCount(line) || !isText(head)) return null;
    const about = { event: 'attachments', step, command, run, line, head } as const;
    return counts === undefined ? about : { ...about, counts: countsIn(counts) };
  };
}

function readCutover(step: CutoverEvent['step']): Reader {
  return ({ command, run, line, head, status }) => {
    if (!isText(command) || !isText(run) || !isCount(line) || !isText(head)) return null;
    const about = { event: 'cutover', step, command, run, line, head } as const;
    return isText(status) ? { ...about, status } : about;
  };
}

function readSecret(change: SecretChange, step: SecretEvent['step']): Reader {
  return ({ endpoint, ids, file, forced }) => {
    if (!isText(endpoint) || !isTexts(ids) || !isText(file)) return null;
    const about = { event: 'secret', change, step, endpoint, ids, file } as const;
    return forced === true ? { ...about, forced } : about;
  };
}

function readKeysEvent(step: KeysEvent['step']): Reader {
  return ({ command, run, database, counts }) => {
    if (!isText(command) || !isText(run) || !isText(database)) return null;
    const about = { event: 'keys', step, command, run, database } as const;
    return counts === undefined ? about : { ...about, counts: countsIn(counts) };
  };
}

function countsIn(counts: unknown): Record<string, number> {
  const numbers = Object.entries(Object(counts) as Record<string, unknown>);
  return Object.fromEntries(
    numbers.filter((entry): entry is [string, number] => isCount(entry[1])),
  );
}

/** Reads a comparison of a target; one with missing or inconsistent members counts as failed. */
function readReconciled(members: JournalMembers): JournalEvent | null {
  const { sealId, target, schema, verdict, counts, dataRoot, reading, seen, beside } = members;
  if (!isText(sealId) || !isText(target)) return null;
  const numbers = Object(counts) as Record<string, unknown>;
  const count = (name: keyof ReconciledCounts): number => countIn(numbers, name);
  const [missing, extra] = [count('missing'), count('extra')];
  const [changed, incomparable] = [count('changed'), count('incomparable')];
  const equal = verdict === 'PASS' && missing + extra + changed + incomparable === 0;
  return {
    event: 'reconciled',
    sealId,
    target,
    schema: isText(schema) ? schema : '',
    verdict: equal ? 'PASS' : 'FAIL',
    counts: { missing, extra, changed, incomparable },
    ...(isText(dataRoot) ? { dataRoot } : {}),
    ...(isText(reading) ? { reading } : {}),
    ...(isText(seen) ? { seen } : {}),
    ...(beside === undefined ? {} : { beside: [beside].flat().map(String) }),
  };
}

/** Returns a count; one that is missing is infinite, as it proves nothing. */
function countIn(numbers: Readonly<Record<string, unknown>> | null, name: string): number {
  const number = numbers?.[name];
  return Number.isSafeInteger(number) ? Number(number) : Number.POSITIVE_INFINITY;
}

/** Reads a smoke test; one without a known verdict counts as failed. */
function readSmoke({ sealId, verdict }: JournalMembers): JournalEvent | null {
  if (!isText(sealId)) return null;
  const known = verdict === 'PASS' || verdict === 'WARN';
  return { event: 'smoke', sealId, verdict: known ? verdict : 'FAIL' };
}

/** Reads a scan; one with missing members counts as failed. */
function readScan({ sealId, checks, verdict, counts }: JournalMembers): JournalEvent | null {
  if (!isText(sealId)) return null;
  const numbers = typeof counts === 'object' ? (counts as Record<string, unknown> | null) : null;
  const count = (name: Severity): number => countIn(numbers, name);
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

function readMove(
  move: Move,
  step: ChangeStep,
  members: JournalMembers,
): MoveEvent | MalformedEvent {
  const { to, sealId, from, dataRoot, recovered } = members;
  if (!isText(to) || !isSealedName(to)) return { event: 'malformed' };
  return {
    event: 'move',
    move,
    step,
    to,
    ...(isText(sealId) ? { sealId } : {}),
    ...(isNameOrNull(from) ? { from } : {}),
    ...(isText(dataRoot) || dataRoot === null ? { dataRoot } : {}),
    ...basisIn(members),
    ...(recovered === true ? { recovered } : {}),
  };
}

/** Reads a move in a target; one with missing members ends with a failure. */
function readTargetMove(
  move: Move,
  step: ChangeStep,
  members: JournalMembers,
): TargetMoveEvent | MalformedEvent {
  const { target, live, to, sealId, intent, from, lossAccepted, recovered } = members;
  const named = isText(target) && isText(live) && isText(to) && isText(intent);
  if (!named || !(isText(sealId) || sealId === null)) return { event: 'malformed' };
  const placed = from === null ? null : placedIn(from);
  return {
    event: 'target-move',
    move,
    step,
    target,
    live,
    to,
    sealId,
    intent,
    ...(placed === undefined ? {} : { from: placed }),
    ...(lossAccepted === true ? { lossAccepted } : {}),
    ...basisIn(members),
    ...(recovered === true ? { recovered } : {}),
  };
}

function basisIn(members: JournalMembers): PromotionBasis {
  const { warningsAllowed, expected, currency, sourcesGiven, approvals } = members;
  return {
    ...(isCount(warningsAllowed) ? { warningsAllowed } : {}),
    ...(expected === true ? { expected } : {}),
    ...(isCurrency(currency) ? { currency } : {}),
    ...(isTexts(sourcesGiven) ? { sourcesGiven } : {}),
    ...(isTexts(approvals) ? { approvals } : {}),
  };
}

function placedIn(value: unknown): TargetPlaced | undefined {
  const { sealId, name } = Object(value) as Record<string, unknown>;
  return isText(name) && (isText(sealId) || sealId === null) ? { sealId, name } : undefined;
}

function readFound({ found, expected }: JournalMembers): JournalEvent | MalformedEvent {
  if (!isNameOrNull(found)) return { event: 'malformed' };
  return { event: 'pointer-found', found, ...(isNameOrNull(expected) ? { expected } : {}) };
}

function readPrune({ candidates }: JournalMembers): JournalEvent | null {
  return isTexts(candidates) ? { event: 'prune', candidates } : null;
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every(isText);
}

function isCurrency(value: unknown): value is ProofOfCurrency {
  return PROOFS_OF_CURRENCY.some((name) => name === value);
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}

function isNameOrNull(value: unknown): value is string | null {
  return value === null || (isText(value) && isSealedName(value));
}
