/**
 * What failed in a run, for its incident record: each attempt that has not passed, whatever came later, who waived
 * it, each way back that failed, and the end of what the programs have said. Pure.
 */

import { outputLines } from './goNoGoMarkdown.ts';
import { escaped, filled } from './markdownText.ts';
import { isError, outputsOfStep, type FoundOutput, type RunEvidence } from './runEvidence.ts';
import {
  endsIn,
  hasFailed,
  undoneIn,
  waiversIn,
  type StepEnd,
  type Undone,
  type Waiver,
} from './stepHistory.ts';

/** Returns a line for each failure and waiver, in the order of the journal. */
export function failedLines(evidence: RunEvidence): readonly string[] {
  const uses = new Map(evidence.runbook.steps.map(({ id, use }) => [id, use]));
  const about = (id: string): string => `- ${escaped(id)} (${escaped(uses.get(id) ?? '')})`;
  const told = [
    ...endsIn(evidence)
      .filter(hasFailed)
      .map((one) => ({ index: one.index, text: `${about(one.step)}: ${endText(one)}` })),
    ...waiversIn(evidence).map((one) => {
      return { index: one.index, text: `${about(one.step)}: ${waiverText(one)}` };
    }),
    ...failedUndos(evidence).map((one) => ({ index: one.index, text: undoLine(one) })),
  ];
  return told.toSorted((one, other) => one.index - other.index).map(({ text }) => text);
}

/** Returns a verdict with its time, its person and its words. */
export function endText({ verdict, at, who, says }: StepEnd): string {
  const by = who === null ? '' : ` by ${escaped(who)}`;
  return `**${verdict}** at ${at}${by}${says === '' ? '' : `, ${escaped(says)}`}`;
}

/** Returns who waived a step, when and why. */
export function waiverText({ who, why, at }: Waiver): string {
  return `**WAIVED** at ${at} by ${escaped(who)}: ${filled(why)}`;
}

/** Returns a line about a step that was undone, or failed to be. */
export function undoLine({ step, succeeded, at, who, says }: Undone): string {
  const how = says === '' ? '' : `, ${escaped(says)}`;
  return `- ${escaped(step)}: **${succeeded ? 'UNDONE' : 'UNDO_FAILED'}** at ${at} by ${escaped(who)}${how}`;
}

function failedUndos(evidence: RunEvidence): readonly Undone[] {
  return undoneIn(evidence).filter(({ succeeded }) => !succeeded);
}

/** Returns the ends of what each failed step said at last, standard error first, and of each failed way back. */
export function failedOutputs(evidence: RunEvidence): readonly string[] {
  const ends = new Map(
    endsIn(evidence)
      .filter(hasFailed)
      .map((one) => [one.step, one.index]),
  );
  const undos = new Map(failedUndos(evidence).map(({ step, index }) => [step, index]));
  const shown = (
    [
      ['step-intended', ends],
      ['undo-intended', undos],
    ] as const
  ).flatMap(([from, failed]) =>
    [...failed].flatMap(([id, index]) =>
      errorsFirst(outputsOfStep(evidence, { id }, index, from)).flatMap(outputLines),
    ),
  );
  return shown.length === 0 ? [] : ['', 'What it said at last:', ...shown];
}

function errorsFirst(outputs: readonly FoundOutput[]): readonly FoundOutput[] {
  return outputs.toSorted((one, other) => Number(isError(other.name)) - Number(isError(one.name)));
}
