/** How many lines of a log match a pattern, of those that are judged. */

import { searchFor } from '../../mapping/compile/pattern.ts';
import { Failure } from '../../outcome/failure.ts';
import { quoteName } from '../../outcome/quoteName.ts';
import { lineReader, timeOfLine, type LineReader } from './logLines.ts';

export interface LineQuestion {
  /** RE2 syntax. */
  readonly pattern: string;
  /** RE2 syntax: the lines that are judged; null for all. */
  readonly of: string | null;
  /** Lines from then on, in ms since 1970, by the times in them; null for all. */
  readonly from: number | null;
}

export interface LineCounts {
  /** Lines of the log. */
  readonly lines: number;
  /** Lines with a time, or after one. */
  readonly timed: number;
  /** Lines that are judged, and those of them that match. */
  readonly judged: number;
  readonly matching: number;
}

/** Counts lines; `read` gives them, and returns why it cannot, which is returned. @throws Failure USAGE for a pattern that is none */
export async function countLines(
  { pattern, of, from }: LineQuestion,
  read: (reader: LineReader) => Promise<string | null>,
): Promise<LineCounts | string> {
  const matches = patternOf(pattern);
  const isOf = of === null ? () => true : patternOf(of);
  const counts = { lines: 0, timed: 0, judged: 0, matching: 0 };
  let time: number | null = null;
  const reader = lineReader((line) => {
    counts.lines += 1;
    if (from !== null) {
      time = timeOfLine(line) ?? time;
      if (time === null) return;
      counts.timed += 1;
      if (time < from) return;
    }
    if (!isOf(line)) return;
    counts.judged += 1;
    if (matches(line)) counts.matching += 1;
  });
  const fault = await read(reader);
  reader.end();
  return fault ?? counts;
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
