/** Where a run turned: the line that began its way back or ended it, and what was undone after it. Pure. */

import type { JournalEntry } from '../../journal/line.ts';
import { textIn, type RunEvidence } from './runEvidence.ts';

export interface Turn {
  /** Position of the line among those of the journal. */
  readonly index: number;
  readonly line: JournalEntry;
  readonly why: string | null;
  /** Null where a trigger or monitor did it. */
  readonly who: string | null;
  /** When the first way back began; null without one. */
  readonly backAt: string | null;
  readonly endedAt: string;
  /** When a step had failed before it; null if none had. */
  readonly failedAt: string | null;
  /** Who gave up later writes, by name; null if no person has. */
  readonly lossAcceptedBy: string | null;
}

/** Finds the turn; null in a run that was neither taken back nor aborted, or has rehearsed that as planned. */
export function findTurn({ lines, record }: RunEvidence): Turn | null {
  const { status } = record.state;
  const isOver = status === 'ROLLED_BACK' || status === 'ROLLBACK_FAILED' || status === 'ABORTED';
  if (!isOver || record.isRehearsed) return null;
  const index = lines.findIndex(({ event }) => TURNS.has(event));
  const line = lines[index];
  if (line === undefined) return null;
  const before = lines.slice(0, index);
  const failed = before.findLast(({ event, verdict }) => {
    return event === 'step-ended' && (verdict === 'FAIL' || verdict === 'INCONCLUSIVE');
  });
  const loss = lines.find((one) => one['lossAccepted'] === true && one['who'] !== undefined);
  return {
    index,
    line,
    why: textIn(line, 'why') ?? record.why,
    who: textIn(line, 'who'),
    backAt: lines.find(({ event }) => event === 'rollback-begun')?.at ?? null,
    endedAt: lines.findLast(({ event }) => ENDS.has(event))?.at ?? record.lastAt,
    failedAt: failed?.at ?? null,
    lossAcceptedBy: loss === undefined ? null : textIn(loss, 'who'),
  };
}

const TURNS: ReadonlySet<string> = new Set(['rollback-begun', 'aborted']);
const ENDS: ReadonlySet<string> = new Set(['run-ended', 'aborted']);

export interface UndoneStep {
  readonly step: string;
  readonly succeeded: boolean;
  readonly at: string;
  /** What its last action said; empty for nothing. */
  readonly says: string;
}

/** Returns what was undone, or failed to be, in the order in which it was. */
export function undoneIn({ lines }: RunEvidence): readonly UndoneStep[] {
  return lines.flatMap((line, at) => {
    if (line.event !== 'undo-ended') return [];
    const step = String(line['step']);
    const part = lines
      .slice(0, at)
      .findLast((one) => one.event === 'undo-part' && one['step'] === step);
    const says = textIn(line, 'says') ?? (part === undefined ? null : textIn(part, 'says')) ?? '';
    return [{ step, succeeded: line['succeeded'] === true, at: line.at, says }];
  });
}
