/**
 * What is known of a run: its journal, line by line, as one value. The engine and `status` have it from the
 * same function, so that what a person sees is what the run goes by. Pure.
 *
 * Beside the events that move the states (runState.ts) there are notes, which do not: samples of checks that
 * are repeated, approvals, breaches of triggers, parts of a way back. A line that could not happen breaks the
 * journal: a state that is guessed could skip a gate.
 */

import { broken, type JournalEntry, type JournalMembers } from '../../journal/line.ts';
import { Failure } from '../../outcome/failure.ts';
import { MOST_LOOKS } from '../runbook.ts';
import { runEventOf } from '../runJournal.ts';
import { afterEvent } from '../runMoves.ts';
import { plannedRun, type RunState, type RunStep } from '../runState.ts';
import type { Kept, ResultName, StepVerdict } from '../steps/stepType.ts';

/** Member of what an open gate keeps: digests of the approvals that it was opened with, with spaces between. */
const COUNTED = 'counted';

/** Returns what a gate keeps that approvals of these digests have opened. */
export function keptWhenOpened(digests: readonly string[]): Kept {
  return { [COUNTED]: digests.join(' ') };
}

/** Returns the digests of the approvals that have opened a gate, by what it keeps; none of anything else. */
export function countedIn(kept: unknown): readonly string[] {
  const text: unknown = (Object(kept) as Record<string, unknown>)[COUNTED];
  return typeof text === 'string' && text !== '' ? text.split(' ') : [];
}

/** A look of a check that is repeated: a watch, or a step with `until`. */
export interface Sample {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly verdict: StepVerdict;
  /** The number that was seen; null for none. */
  readonly value: number | null;
  /** Of a stage of a rollout, what was read, as the line has it; see rollout/figures.ts. */
  readonly figures?: unknown;
}

export interface StepRecord {
  /** ISO 8601, UTC; null before it began. */
  readonly begunAt: string | null;
  readonly endedAt: string | null;
  readonly verdict: StepVerdict | null;
  readonly says: string;
  readonly results: Readonly<Partial<Record<ResultName, number>>>;
  readonly kept: Kept;
  /** Names of the outputs that it left. */
  readonly outputs: readonly string[];
  /** SHA-256 of the journal before its last intent, which an approval of it is bound to; null without one. */
  readonly evidence: string | null;
  /** Who waived it and why; null if that was not done. */
  readonly waived: string | null;
}

/** An approval or attestation that was recorded. */
export interface RecordedApproval {
  readonly step: string;
  /** SHA-256 of its file. */
  readonly approval: string;
  readonly who: string;
  readonly signer: string | null;
}

/** What a run began with. */
export interface RunBeginning {
  readonly at: string;
  readonly runbook: string;
  readonly planHash: string;
  /** SHA-256 of the files that steps read, by path. */
  readonly files: Readonly<Record<string, string>>;
  /** Identity of the databases and applications, lower-case hex. */
  readonly target: string;
  /** SHA-256 of the allowed signers, lower-case hex; null without any. */
  readonly signers: string | null;
  readonly isRehearsal: boolean;
}

/** How far an action of a way back has come. */
export type UndoProgress = 'begun' | 'failed' | 'done';

export interface RunRecord {
  readonly begun: RunBeginning | null;
  readonly state: RunState;
  readonly steps: ReadonlyMap<string, StepRecord>;
  readonly samples: ReadonlyMap<string, readonly Sample[]>;
  readonly approvals: readonly RecordedApproval[];
  /** By `step/number of the action`. */
  readonly undone: ReadonlyMap<string, UndoProgress>;
  /** Triggers and monitors that have fired and were not cleared since, with their band. */
  readonly fired: ReadonlySet<string>;
  /** Whether all steps of a rehearsal have passed before it went back. */
  readonly isRehearsed: boolean;
  /** All who have operated the run. */
  readonly operators: ReadonlySet<string>;
  /** Why the run is held, or what began its way back, in the words of its line. */
  readonly why: string | null;
  /** Time of the last line; empty without lines. */
  readonly lastAt: string;
}

/** A record that lines are added to. */
export interface RunBook {
  readonly record: RunRecord;
  /** Says why a line cannot be in this place, as a clause; null if it can. */
  refusal(members: JournalMembers): string | null;
  /** Adds a line. @throws Failure JOURNAL if it cannot be in this place */
  add(entry: JournalEntry): void;
}

/** What is known of a step that has not begun. */
export const UNSEEN_STEP: StepRecord = {
  begunAt: null,
  endedAt: null,
  verdict: null,
  says: '',
  results: {},
  kept: {},
  outputs: [],
  evidence: null,
  waived: null,
};
/** Looks above {@link MOST_LOOKS} after which the oldest are forgotten, as to take one out moves all others. */
const SLACK = 1000;

type Mutable<T> = { -readonly [Name in keyof T]: T[Name] };

/** The runbook that a run has to be of: its path as it was typed, and its plan hash. */
export interface PlanIdentity {
  readonly path: string;
  /** Lower-case hex. */
  readonly planHash: string;
}

/**
 * Makes the record of a run from its lines. `where` names its journal in failures.
 * @throws Failure JOURNAL; USAGE if the runbook is not the one that the run began with
 */
export function recordOf(
  runSteps: readonly RunStep[],
  { path, planHash }: PlanIdentity,
  lines: readonly JournalEntry[],
  where: string,
): RunBook {
  const begun = lines.find(({ event }) => event === 'run-begun');
  if (begun !== undefined && begun['planHash'] !== planHash) {
    throw new Failure('USAGE', {
      what: 'the runbook is not the one that the run began with',
      where: path,
      hint: 'restore it from runbook.yaml in the folder of the run, or go back with sealift cutover rollback',
    });
  }
  const book = openRecord(runSteps, where);
  for (const line of lines) book.add(line);
  return book;
}

/** A record that is being added to. */
interface OpenRecord extends Omit<
  Mutable<RunRecord>,
  'steps' | 'samples' | 'approvals' | 'undone' | 'fired' | 'operators'
> {
  readonly steps: Map<string, StepRecord>;
  readonly samples: Map<string, Sample[]>;
  readonly approvals: RecordedApproval[];
  readonly undone: Map<string, UndoProgress>;
  readonly fired: Set<string>;
  readonly operators: Set<string>;
}

function openRecord(runSteps: readonly RunStep[], where: string): RunBook {
  const record: OpenRecord = {
    begun: null,
    state: plannedRun(runSteps),
    steps: new Map(runSteps.map(({ id }) => [id, UNSEEN_STEP] as const)),
    samples: new Map(),
    approvals: [],
    undone: new Map(),
    fired: new Set(),
    isRehearsed: false,
    operators: new Set(),
    why: null,
    lastAt: '',
  };
  const stateAfter = (members: JournalMembers): RunState | string => {
    const event = runEventOf(members);
    return event === null ? 'the event is not known' : afterEvent(runSteps, record.state, event);
  };
  return {
    record,
    refusal(members) {
      const next = NOTES.has(members.event) ? null : stateAfter(members);
      return typeof next === 'string' ? next : null;
    },
    add(entry) {
      record.lastAt = entry.at;
      if (entry.event === 'begin' || entry.event === 'cut') return;
      const note = NOTES.get(entry.event);
      if (note !== undefined) {
        note(record, entry);
        return;
      }
      const next = stateAfter(entry);
      if (typeof next === 'string') {
        throw broken(`a line of the run cannot be, ${next}`, `${where}:${entry.seq}`);
      }
      record.state = next;
      remember(record, entry);
    },
  };
}

/** Lines that do not move the states. */
type NoteOf = (record: OpenRecord, entry: JournalEntry) => void;
const NOTES: ReadonlyMap<string, NoteOf> = new Map<string, NoteOf>([
  ['sampled', addSample],
  ['approved', addApproval],
  ['breached', ({ fired }: OpenRecord, entry: JournalEntry) => void fired.add(text(entry['of']))],
  ['cleared', ({ fired }: OpenRecord, entry: JournalEntry) => void fired.delete(text(entry['of']))],
  ['undo-part', addUndoPart],
  ['step-found', addFound],
]);

function addSample({ samples }: OpenRecord, entry: JournalEntry): void {
  const key = text(entry['of']);
  const list = samples.get(key) ?? [];
  const { value } = entry;
  list.push({
    at: Date.parse(entry.at),
    verdict: entry['verdict'] as StepVerdict,
    value: typeof value === 'number' ? value : null,
    ...(entry['figures'] === undefined ? {} : { figures: entry['figures'] }),
  });
  if (list.length >= MOST_LOOKS + SLACK) list.splice(0, list.length - MOST_LOOKS);
  samples.set(key, list);
}

function addApproval({ approvals }: OpenRecord, entry: JournalEntry): void {
  const { signer } = entry;
  approvals.push({
    step: text(entry['step']),
    approval: text(entry['approval']),
    who: text(entry['who']),
    signer: typeof signer === 'string' ? signer : null,
  });
}

function addFound({ steps }: OpenRecord, entry: JournalEntry): void {
  const id = text(entry['step']);
  const step = steps.get(id);
  if (step === undefined) return;
  steps.set(id, { ...step, kept: { ...step.kept, ...(Object(entry['kept']) as Kept) } });
}

function addUndoPart({ undone }: OpenRecord, entry: JournalEntry): void {
  const key = `${text(entry['step'])}/${Number(entry['action'])}`;
  undone.set(key, entry['progress'] as UndoProgress);
}

/** Notes what a line says beside its event. */
function remember(record: OpenRecord, entry: JournalEntry): void {
  const { event } = entry;
  const { why, operator } = entry;
  if (event === 'run-begun') record.begun = beginningOf(entry);
  const change = CHANGES.get(event)?.(entry);
  if (change !== undefined) {
    const id = text(entry['step']);
    const before = record.steps.get(id) ?? UNSEEN_STEP;
    // What an attempt keeps adds to what it has found; another attempt begins anew.
    const kept = event === 'step-intended' ? {} : before.kept;
    record.steps.set(id, { ...before, ...change, kept: { ...kept, ...change.kept } });
    if (event === 'step-intended') record.samples.delete(`step:${id}`);
  }
  if (typeof operator === 'string') record.operators.add(operator);
  if (typeof why === 'string' && event !== 'step-waived') record.why = why;
  if (entry['rehearsed'] === true) record.isRehearsed = true;
  if (event === 'resumed') record.why = null;
}

/** What a line changes of what is known of its step. */
type Change = (entry: JournalEntry) => Partial<StepRecord>;
const CHANGES: ReadonlyMap<string, Change> = new Map<string, Change>([
  [
    'step-intended',
    ({ at, prev }: JournalEntry) => ({ ...UNSEEN_STEP, begunAt: at, evidence: prev }),
  ],
  ['step-applied', resultIn],
  [
    'step-ended',
    (entry: JournalEntry) => ({
      ...resultIn(entry),
      endedAt: entry.at,
      verdict: entry['verdict'] as StepVerdict,
      outputs: namesIn(entry['outputs']),
    }),
  ],
  [
    'step-waived',
    (entry: JournalEntry) => ({ waived: `${text(entry['who'])}: ${text(entry['why'])}` }),
  ],
  ['step-left-out', (entry: JournalEntry) => ({ says: text(entry['says']) })],
]);

function resultIn(entry: JournalEntry): Partial<StepRecord> {
  return {
    says: text(entry['says']),
    results: Object(entry['results']) as StepRecord['results'],
    kept: Object(entry['kept']) as Kept,
  };
}

/** Returns what a run began with, by its lines; null if it did not begin. */
export function beginningIn(lines: readonly JournalEntry[]): RunBeginning | null {
  const line = lines.find(({ event }) => event === 'run-begun');
  return line === undefined ? null : beginningOf(line);
}

function beginningOf(entry: JournalEntry): RunBeginning {
  return {
    at: entry.at,
    runbook: text(entry['runbook']),
    planHash: text(entry['planHash']),
    files: Object(entry['files']) as RunBeginning['files'],
    target: text(entry['target']),
    signers: typeof entry['signers'] === 'string' ? entry['signers'] : null,
    isRehearsal: entry['rehearsal'] === true,
  };
}

function namesIn(outputs: unknown): readonly string[] {
  return Array.isArray(outputs) ? outputs.map((one) => text(Object(one)['name'])) : [];
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
