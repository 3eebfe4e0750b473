/**
 * The decision of a run: who approved what and when, who decided last before production, what they had not seen
 * then, and apart from that what the run has come to. Pure.
 */

import { counted } from '../../outcome/counted.ts';
import { isFinal } from '../runState.ts';
import { decisionsOf, type RecordedDecision } from './approvalRecord.ts';
import type { RunEvidence } from './runEvidence.ts';
import { endsIn, hasFailed, takenBackBy, waiversIn } from './stepHistory.ts';
import { endOf, findTurn } from './turn.ts';

export interface Decision {
  /** Null until the run has ended, and for a rehearsal that went back as planned. */
  readonly isGo: boolean | null;
  /** Who decided last; of a NO-GO who ended the run or took it back. */
  readonly owner: string;
  /** When that was recorded, ISO 8601, UTC; null for no decision. */
  readonly at: string | null;
  readonly notes: string;
  /** All that people said, in the order of the journal. */
  readonly decisions: readonly RecordedDecision[];
  /** What the run has come to, when, and who operated it, as a clause. */
  readonly outcome: string;
}

/** A run that has come to its end is a go, one that was taken back or ended before is none. */
export function decisionOf(evidence: RunEvidence): Decision {
  const { record } = evidence;
  const { status } = record.state;
  const shown = { decisions: decisionsOf(evidence), outcome: outcomeOf(evidence) };
  if (status === 'COMPLETED') return { ...shown, ...goOf(evidence, shown.decisions) };
  const turn = findTurn(evidence);
  if (turn === null) {
    const notes = record.isRehearsed ? 'its steps were rehearsed, and taken back as planned' : '';
    return { ...shown, isGo: null, owner: '', at: null, notes };
  }
  const notes = `${status}: ${turn.why ?? 'no reason given'}`;
  return { ...shown, isGo: false, owner: takenBackBy(turn.line), at: turn.line.at, notes };
}

type Go = Pick<Decision, 'isGo' | 'owner' | 'at' | 'notes'>;

function goOf(evidence: RunEvidence, decisions: readonly RecordedDecision[]): Go {
  const { runbook, record, lines } = evidence;
  const all = `all ${counted(runbook.steps.length, 'step')} are over`;
  const gates = new Set(
    runbook.steps.filter(({ use }) => use === 'gate.approval').map(({ id }) => id),
  );
  const opened = endsIn(evidence).findLast(({ step, verdict }) => {
    return gates.has(step) && verdict === 'PASS';
  });
  const own = decisions.filter(({ step, counted: isCounted }) => {
    return isCounted === true && step === opened?.step;
  });
  const last = own.at(-1);
  if (opened === undefined || last === undefined) {
    // There was no gate for people: who began it has decided.
    const notes = `${all}; no person approved it at a gate`;
    return { isGo: true, owner: namesIn(record.operators), at: record.begun?.at ?? null, notes };
  }
  const at = lines.findLastIndex(({ event, approval }) => {
    return event === 'approved' && approval === last.sha256;
  });
  const unseen = unseenAfter(evidence, at, opened.step);
  return {
    isGo: true,
    owner: namesIn(own.map(({ reviewer }) => reviewer)),
    at: last.recorded,
    notes: `${all}; ${unseen === '' ? 'none of them' : unseen} after the last approval`,
  };
}

function namesIn(names: Iterable<string>): string {
  return [...new Set(names)].join(', ');
}

/** What came of the steps that ended after a line, in words; '' for none. */
function unseenAfter(evidence: RunEvidence, index: number, gate: string): string {
  const ends = endsIn(evidence).filter((one) => one.index > index && one.step !== gate);
  const waivers = waiversIn(evidence).filter((one) => one.index > index);
  const last = new Map(ends.map(({ step, verdict }) => [step, verdict]));
  for (const { step } of waivers) last.set(step, 'WAIVED');
  const idsOf = (verdict: string): readonly string[] =>
    [...last].filter(([, one]) => one === verdict).map(([id]) => id);
  const passed = idsOf('PASS').length;
  const before = [...new Set(ends.filter(hasFailed).map(({ step }) => step))];
  const failed = before.filter((id) => last.get(id) !== 'WAIVED');
  const waived = waivers.map(({ step, who }) => `${step}, by ${who}`).join('; ');
  return [
    ...(passed === 0 ? [] : [`${counted(passed, 'step')} passed`]),
    ...named(idsOf('WARN'), 'warned'),
    ...(waived === '' ? [] : [`${waivers.length} waived (${waived})`]),
    ...named(idsOf('LEFT OUT'), 'left out'),
    ...named(failed, 'had failed before'),
  ].join(', ');
}

function named(ids: readonly string[], did: string): readonly string[] {
  return ids.length === 0 ? [] : [`${ids.length} ${did} (${ids.join(', ')})`];
}

const ENDS: Readonly<Partial<Record<string, string>>> = {
  COMPLETED: 'completed',
  ROLLED_BACK: 'rolled back',
  ROLLBACK_FAILED: 'could not be rolled back',
  ABORTED: 'aborted',
};

function outcomeOf({ record, lines }: RunEvidence): string {
  const { state, operators, lastAt } = record;
  const end = isFinal(state.status)
    ? `${ENDS[state.status] ?? state.status} ${endOf(lines) ?? lastAt}`
    : `the run is not over, it is ${state.status}`;
  return `${end}, operated by ${operators.size === 0 ? 'no person' : namesIn(operators)}`;
}
