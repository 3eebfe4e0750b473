/**
 * `log.watch`: how many lines of a log match a pattern, or which share of them. A log that is missing, or has
 * no line to judge, is INCONCLUSIVE: no errors in no lines prove nothing.
 */

import {
  ARGV,
  CONDITION,
  DURATION,
  ENVIRONMENT,
  TEXT,
  about,
  FILE,
} from '../schema/runbookParts.ts';
import { grouped } from '../../outcome/counted.ts';
import { Failure } from '../../outcome/failure.ts';
import { quoteName } from '../../outcome/quoteName.ts';
import { isMet, parseCondition } from '../condition.ts';
import { endOf } from './exec.ts';
import { readLogFile } from './logFile.ts';
import { countLines, type LineCounts, type LineQuestion } from './countLines.ts';
import type { LineReader } from './logLines.ts';
import { requiredText, textOf, textsOf, timeOf } from './stepMembers.ts';
import type { DoneStep, Members, StepResult, StepWork } from './stepType.ts';

export const logWatch: DoneStep = {
  text: 'Lines of a log.',
  members: {
    file: FILE,
    run: ARGV,
    env: ENVIRONMENT,
    pattern: about(TEXT, 'RE2 syntax.'),
    of: about(TEXT, 'RE2 syntax: the lines that are judged; all if left out.'),
    since: about(DURATION, 'Lines of this last time only, by the times in them.'),
    expect: about(CONDITION, 'Condition on the number of lines, or on their share.'),
  },
  required: ['pattern', 'expect'],
  oneOf: ['file', 'run'],
  kind: 'check',
  place: 'files',
  plan: (members) => `count lines with ${quoteName(requiredText(members, 'pattern'))}`,
  async apply(work) {
    const { members, world } = work;
    const question = questionOf(members, world.now().getTime());
    const counted = await countLines(question, (reader) => readLog(work, reader));
    if (typeof counted === 'string') return { verdict: 'INCONCLUSIVE', says: counted };
    return resultOf(counted, members);
  },
};

function questionOf(members: Members, now: number): LineQuestion {
  const since = timeOf(members, 'since');
  return {
    pattern: requiredText(members, 'pattern'),
    of: textOf(members, 'of'),
    from: since === null ? null : now - since,
  };
}

/** Reads the log; returns why it cannot be judged, as a clause, null if it can. */
async function readLog(work: StepWork, reader: LineReader): Promise<string | null> {
  const { id, members, world, signal } = work;
  const file = textOf(members, 'file');
  const argv = textsOf(members, 'run');
  if ((file === null) === (argv.length === 0)) {
    const what = 'exactly one of "file" and "run" has to give the log';
    throw new Failure('USAGE', { what, hint: 'add it in the runbook' });
  }
  const rotates = timeOf(members, 'since') !== null;
  if (file !== null) return readLogFile(work, { file, rotates }, reader);
  const onStdout = (bytes: Uint8Array): void => reader.push(bytes);
  const end = await world.run({ argv, env: textsOf(members, 'env'), keepAs: id, onStdout, signal });
  return end.code === 0 ? null : `the program has ${endOf(end)}`;
}

function resultOf({ lines, timed, judged, matching }: LineCounts, members: Members): StepResult {
  if (lines === 0) return { verdict: 'INCONCLUSIVE', says: 'the log has no lines' };
  if (timeOf(members, 'since') !== null && timed === 0) {
    return { verdict: 'INCONCLUSIVE', says: 'no line of the log has a time' };
  }
  if (judged === 0) return { verdict: 'INCONCLUSIVE', says: 'no line of the log is to be judged' };
  const expect = requiredText(members, 'expect');
  const condition = parseCondition(expect);
  const count = valueFor(expect, members, matching, judged);
  const holds = condition !== null && isMet(condition, count);
  const says = `${grouped(matching)} of ${grouped(judged)} lines match, expected ${expect}`;
  return { verdict: holds ? 'PASS' : 'FAIL', says, results: { failed: holds ? 0 : 1, count } };
}

/** The number that a condition compares: a share where it names lines, a percentage or a fraction. */
function valueFor(expect: string, members: Members, matching: number, judged: number): number {
  if (expect.endsWith('%')) return (matching / judged) * 100;
  if (textOf(members, 'of') !== null || /\d\.\d/.test(expect)) return matching / judged;
  return matching;
}
