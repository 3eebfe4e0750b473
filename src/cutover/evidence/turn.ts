/** Where a run turned: the lines that ended it, or began its way back, and what they followed from. Pure. */

import type { JournalEntry } from '../../journal/line.ts';
import { endsIn, hasFailed, type StepEnd } from './stepHistory.ts';
import { textIn, type RunEvidence } from './runEvidence.ts';

export interface Turn {
  /** Position of the line among those of the journal. */
  readonly index: number;
  readonly line: JournalEntry;
  /** Lines that went back, or ended it, after that one. */
  readonly later: readonly JournalEntry[];
  readonly why: string | null;
  /** Null where a trigger or monitor did it. */
  readonly who: string | null;
  /** When the first way back began; null without one. */
  readonly backAt: string | null;
  readonly endedAt: string;
  /** The first failure before it that no later attempt of the step has made good; null if there is none. */
  readonly failed: StepEnd | null;
  /** Who gave up later writes, by name; null if no person has. */
  readonly lossAcceptedBy: string | null;
}

/** Finds the turn; null in a run that was neither taken back nor aborted, or has rehearsed that as planned. */
export function findTurn({ lines, record }: Pick<RunEvidence, 'lines' | 'record'>): Turn | null {
  const { status } = record.state;
  const isOver = status === 'ROLLED_BACK' || status === 'ROLLBACK_FAILED' || status === 'ABORTED';
  if (!isOver || record.isRehearsed) return null;
  const index = lines.findIndex(({ event }) => TURNS.has(event));
  const line = lines[index];
  if (line === undefined) return null;
  const loss = lines.find((one) => one['lossAccepted'] === true && one['who'] !== undefined);
  return {
    index,
    line,
    later: lines.slice(index + 1).filter(({ event }) => TURNS.has(event)),
    why: textIn(line, 'why') ?? record.why,
    who: textIn(line, 'who'),
    backAt: lines.find(({ event }) => event === 'rollback-begun')?.at ?? null,
    endedAt: endOf(lines) ?? record.lastAt,
    failed: firstFailure(endsIn({ lines: lines.slice(0, index) })),
    lossAcceptedBy: loss === undefined ? null : textIn(loss, 'who'),
  };
}

const TURNS: ReadonlySet<string> = new Set(['rollback-begun', 'aborted']);
const ENDS: ReadonlySet<string> = new Set(['run-ended', 'aborted']);

/** Returns when a run ended, by its lines; null while it goes on. */
export function endOf(lines: readonly JournalEntry[]): string | null {
  return lines.findLast(({ event }) => ENDS.has(event))?.at ?? null;
}

function firstFailure(ends: readonly StepEnd[]): StepEnd | null {
  const isMadeGood = (one: StepEnd): boolean =>
    ends.some((later) => later.step === one.step && later.index > one.index && !hasFailed(later));
  return ends.find((one) => hasFailed(one) && !isMadeGood(one)) ?? null;
}
