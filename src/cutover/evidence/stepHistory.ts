/**
 * What came of a step, attempt by attempt, by its lines in the journal: who did it, when it ended and in what words,
 * who waived it, and who took it back. Nothing is lost by what came later. Pure.
 */

import type { JournalEntry } from '../../journal/line.ts';
import type { Step } from '../runbook.ts';
import { textIn, type RunSources } from './runEvidence.ts';

/** Words for what no person has begun. */
export const BY_TRIGGER = 'a trigger or monitor of the runbook';

/** What ended an attempt: its verdict, or what made one of it. */
export interface StepEnd {
  readonly step: string;
  /** Position of its line among those of the journal. */
  readonly index: number;
  readonly line: JournalEntry;
  /** PASS, WARN, FAIL, INCONCLUSIVE; UNKNOWN for what was cut off, LEFT OUT where its condition did not hold. */
  readonly verdict: string;
  readonly says: string;
  /** ISO 8601, UTC; null for what was not begun, but answered for. */
  readonly begun: string | null;
  readonly at: string;
  /** Who began it; null if a process without a person did. */
  readonly who: string | null;
}

export interface Waiver {
  readonly step: string;
  readonly index: number;
  readonly who: string;
  readonly why: string;
  readonly at: string;
}

export interface Undone {
  readonly step: string;
  readonly succeeded: boolean;
  readonly index: number;
  readonly at: string;
  /** Who took it back. */
  readonly who: string;
  /** What its last action said; empty for nothing. */
  readonly says: string;
}

/** Returns how the attempts of all steps have ended, in the order of the journal. */
export function endsIn({ lines }: Pick<RunSources, 'lines'>): readonly StepEnd[] {
  const intents = new Map<string, JournalEntry>();
  const open = new Set<string>();
  return lines.flatMap((line, index) => {
    const own = textIn(line, 'step');
    if (own !== null && line.event === 'step-intended') {
      intents.set(own, line);
      open.add(own);
    }
    const verdict = verdictOf(line);
    if (verdict === null) return [];
    // What cuts a run off ends all that is under way.
    const steps = own === null ? [...open] : [own];
    return steps.map((step): StepEnd => {
      const begun = intents.get(step) ?? null;
      open.delete(step);
      return {
        step,
        index,
        line,
        verdict,
        says: own === null ? cutOff(line) : (textIn(line, 'says') ?? textIn(line, 'why') ?? ''),
        begun: begun?.at ?? null,
        at: line.at,
        who: begun === null ? textIn(line, 'who') : textIn(begun, 'who'),
      };
    });
  });
}

function verdictOf(line: JournalEntry): string | null {
  switch (line.event) {
    case 'step-ended':
      return textIn(line, 'verdict');
    case 'step-probed':
      return line['presence'] === 'begun' ? 'FAIL' : null;
    case 'step-left-out':
      return 'LEFT OUT';
    case 'recovered':
      return 'UNKNOWN';
    case 'aborted':
    case 'rollback-begun':
      return 'INCONCLUSIVE';
    default:
      return null;
  }
}

const CUT_OFF = 'it was cut off, and its result is not known';

function cutOff({ event }: JournalEntry): string {
  if (event === 'recovered') return CUT_OFF;
  return `it was under way when the run was ${event === 'aborted' ? 'aborted' : 'taken back'}`;
}

/** Whether an attempt has not passed. */
export function hasFailed({ verdict }: StepEnd): boolean {
  return verdict === 'FAIL' || verdict === 'INCONCLUSIVE' || verdict === 'UNKNOWN';
}

/** Returns the waivers of all steps, in the order of the journal. */
export function waiversIn({ lines }: Pick<RunSources, 'lines'>): readonly Waiver[] {
  return lines.flatMap((line, index) => {
    if (line.event !== 'step-waived') return [];
    const [step, who, why] = ['step', 'who', 'why'].map((name) => textIn(line, name) ?? '');
    return [{ step: step ?? '', who: who ?? '', why: why ?? '', index, at: line.at }];
  });
}

/** Returns what was undone, or failed to be, in the order in which it was. */
export function undoneIn({ lines }: Pick<RunSources, 'lines'>): readonly Undone[] {
  let who = BY_TRIGGER;
  let open: string | null = null;
  let said = '';
  return lines.flatMap((line, index) => {
    const { event, at } = line;
    if (event === 'rollback-begun') who = takenBackBy(line);
    if (event === 'undo-intended') [open, said] = [textIn(line, 'step'), ''];
    if (event === 'undo-part') said = textIn(line, 'says') ?? said;
    if (open === null || (event !== 'undo-ended' && event !== 'recovered')) return [];
    const says = event === 'recovered' ? CUT_OFF : (textIn(line, 'says') ?? said);
    const one = { step: open, succeeded: line['succeeded'] === true, index, at, who, says };
    open = null;
    return [one];
  });
}

/** Returns who began a way back; what a rehearsal does at its end, no person begins. */
export function takenBackBy(line: JournalEntry): string {
  const by = line['rehearsed'] === true ? 'the rehearsal' : BY_TRIGGER;
  return textIn(line, 'who') ?? by;
}

/** All that is known of a step. */
export interface StepHistory {
  readonly ends: readonly StepEnd[];
  readonly waivers: readonly Waiver[];
  readonly undone: readonly Undone[];
}

/** Returns what came of one step. */
export function historyOf(sources: Pick<RunSources, 'lines'>, { id }: Step): StepHistory {
  const own = ({ step }: { readonly step: string }): boolean => step === id;
  return {
    ends: endsIn(sources).filter(own),
    waivers: waiversIn(sources).filter(own),
    undone: undoneIn(sources).filter(own),
  };
}
