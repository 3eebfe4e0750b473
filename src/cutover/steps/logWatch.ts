/**
 * `log.watch`: how many lines of a log match a pattern, or which share of them. A log that is missing, or has
 * no line to judge, is INCONCLUSIVE: no errors in no lines prove nothing.
 */

import { closeSync, constants, fstatSync, readSync } from 'node:fs';

import {
  ARGV,
  CONDITION,
  DURATION,
  ENVIRONMENT,
  TEXT,
  about,
  FILE,
} from '../schema/runbookParts.ts';
import { systemCode } from '../../disk/errors.ts';
import { openNoLinks } from '../../disk/noLinks.ts';
import { searchFor } from '../../mapping/compile/pattern.ts';
import { grouped } from '../../outcome/counted.ts';
import { Failure } from '../../outcome/failure.ts';
import { quoteName } from '../../outcome/quoteName.ts';
import { isMet, parseCondition } from '../condition.ts';
import { endOf } from './exec.ts';
import { lineReader, timeOfLine, type LineReader } from './logLines.ts';
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
  kind: 'check',
  place: 'files',
  plan: (members) => `count lines with ${quoteName(requiredText(members, 'pattern'))}`,
  async apply(work) {
    const { members, world } = work;
    const judged = judging(members, world.now().getTime());
    const fault = await readLog(work, judged.reader);
    judged.reader.end();
    if (fault !== null) return { verdict: 'INCONCLUSIVE', says: fault };
    return resultOf(judged.counts, members);
  },
};

interface Counts {
  /** Lines of the log. */
  lines: number;
  /** Lines with a time, or after one. */
  timed: number;
  /** Lines that are judged, and those of them that match. */
  judged: number;
  matching: number;
}

function judging(
  members: Members,
  now: number,
): { readonly counts: Counts; readonly reader: LineReader } {
  const matches = patternOf(requiredText(members, 'pattern'));
  const of = textOf(members, 'of');
  const isOf = of === null ? () => true : patternOf(of);
  const since = timeOf(members, 'since');
  const counts: Counts = { lines: 0, timed: 0, judged: 0, matching: 0 };
  let time: number | null = null;
  const reader = lineReader((line) => {
    counts.lines += 1;
    if (since !== null) {
      time = timeOfLine(line) ?? time;
      if (time === null) return;
      counts.timed += 1;
      if (time < now - since) return;
    }
    if (!isOf(line)) return;
    counts.judged += 1;
    if (matches(line)) counts.matching += 1;
  });
  return { counts, reader };
}

function patternOf(pattern: string): (text: string) => boolean {
  const search = searchFor(pattern);
  if (search !== null) return search;
  throw new Failure('USAGE', {
    what: 'a pattern is not in RE2 syntax',
    where: quoteName(pattern),
    hint: 'correct it; there are no references and no lookaround',
  });
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
  if (file !== null) return readFiles(work, file, reader);
  const onStdout = (bytes: Uint8Array): void => reader.push(bytes);
  const end = await world.run({ argv, env: textsOf(members, 'env'), keepAs: id, onStdout, signal });
  return end.code === 0 ? null : `the program has ${endOf(end)}`;
}

/** Reads a log, after the one that it has replaced if lines of the time may be there. */
async function readFiles(work: StepWork, file: string, reader: LineReader): Promise<string | null> {
  const place = work.world.files.place(file);
  const names = timeOf(work.members, 'since') === null ? [place] : [`${place}.1`, place];
  const logs = names.map((name) => openLog(name));
  try {
    if (logs.at(-1) === null) return 'there is no such log';
    for (const log of logs) {
      if (log === null) continue;
      if (!(await readPieces(log, reader, work.signal)))
        return 'the log was cut off while it was read';
    }
    return null;
  } finally {
    for (const log of logs) if (log !== null) closeSync(log);
  }
}

function openLog(path: string): number | null {
  try {
    return openNoLinks(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return null;
    const hint = 'check the path and its permissions';
    throw new Failure('USAGE', {
      what: 'the log cannot be read',
      where: quoteName(path),
      hint,
      cause: error,
    });
  }
}

const PIECE = 64 * 1024;

/** Reads what a log has now; a log that is replaced meanwhile stays readable. Returns false if it was cut off. */
async function readPieces(log: number, reader: LineReader, signal: AbortSignal): Promise<boolean> {
  const { size } = fstatSync(log);
  const piece = Buffer.alloc(PIECE);
  for (let at = 0; at < size;) {
    const count = readSync(log, piece, 0, Math.min(PIECE, size - at), at);
    if (count === 0) return false;
    at += count;
    reader.push(piece.subarray(0, count));
    await new Promise((done) => setImmediate(done));
    signal.throwIfAborted();
  }
  return fstatSync(log).size >= size;
}

function resultOf({ lines, timed, judged, matching }: Counts, members: Members): StepResult {
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
