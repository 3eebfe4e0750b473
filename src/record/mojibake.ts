/**
 * Finds UTF-8 that was misread as another encoding, once or more: `Ã¤`, `√§`, `├ñ`, `Г¤` for ä. A
 * run of characters counts if its bytes in an encoding are UTF-8, and its decoded form fits the
 * word around it while the run does not. Correct words do not count: São, É, «CAFÉ», её, IRMÃ.
 */

import { ENCODINGS, encodingsIn, sequenceOf, type Encoding } from './encoding.ts';
import { fitsAsDecoded, fitsAsWritten, type RunInText } from './wordFit.ts';

/** A run, as a range in UTF-16 units, with the encoding as which it was misread. */
export interface MojibakeRun {
  readonly start: number;
  readonly end: number;
  readonly encoding: string;
}

/** Pattern for the runs of each encoding, compiled on demand. */
const RUNS: RegExp[] = [];
const PAIR = /[^\0-\x7f]{2}/;
const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Maximum number of times that a text may have been misread as the same encoding. */
const DEPTH = 3;
/** UTF-16 units of context on each side of a run. */
const AROUND = 32;
/** Maximum UTF-16 units of a run that are checked. */
const LONGEST = 256;

/** Returns a bit for each encoding that may have a run in the text; 0 for most texts. */
export function mayHoldRuns(text: string): number {
  return PAIR.test(text) ? encodingsIn(text) : 0;
}

/** Finds the first run of these encodings; null if there is none. */
export function mojibakeRun(
  text: string,
  encodings: number = mayHoldRuns(text),
): MojibakeRun | null {
  let found: MojibakeRun | null = null;
  for (const [bit, encoding] of ENCODINGS.entries()) {
    if ((encodings & (1 << bit)) === 0) continue;
    const runs = (RUNS[bit] ??= new RegExp(`${sequenceOf(encoding)}+`, 'g'));
    // A run that begins later is not the first.
    const end = found === null ? text.length : found.end;
    const run = firstRun(text.slice(0, end), encoding, runs, DEPTH);
    if (run !== null && (found === null || run.start < found.start)) found = run;
  }
  return found;
}

/** Ranges of a run in the text, and in the text with all runs decoded. */
interface Piece {
  readonly start: number;
  readonly end: number;
  readonly decodedStart: number;
  readonly decodedEnd: number;
}

function firstRun(
  text: string,
  encoding: Encoding,
  runs: RegExp,
  depth: number,
): MojibakeRun | null {
  const { name, bytes } = encoding;
  const pieces: Piece[] = [];
  let decoded = '';
  let last = 0;
  for (const { index, run } of matchesOf(runs, text)) {
    const characters = decodedRun(run, bytes);
    if (characters === null) continue;
    decoded += text.slice(last, index);
    const decodedStart = decoded.length;
    decoded += characters;
    last = index + run.length;
    pieces.push({ start: index, end: last, decodedStart, decodedEnd: decoded.length });
  }
  if (pieces.length === 0) return null;
  decoded += text.slice(last);
  const again = { text: decoded, encoding, runs, depth: depth - 1 };
  const whole = isCovered(text, pieces);
  for (const piece of pieces) {
    const { start, end, decodedStart, decodedEnd } = piece;
    if (fitsAsWritten(around(text, start, end), whole)) continue;
    const context = around(decoded, decodedStart, decodedEnd);
    if (fitsAsDecoded(context, text.slice(start, end)) || isMisreadAgain(again, piece)) {
      return { start, end, encoding: name };
    }
  }
  return null;
}

/** Yields all matches; unlike `matchAll`, does not compile the expression for each text. */
function* matchesOf(pattern: RegExp, text: string): Generator<{ index: number; run: string }> {
  let from = 0;
  for (;;) {
    pattern.lastIndex = from;
    const match = pattern.exec(text);
    if (match === null) return;
    yield { index: match.index, run: match[0] };
    from = match.index + match[0].length;
  }
}

interface Again {
  readonly text: string;
  readonly encoding: Encoding;
  readonly runs: RegExp;
  readonly depth: number;
}

/** Whether the decoded form of a run is part of a run in the decoded text. */
function isMisreadAgain({ text, encoding, runs, depth }: Again, piece: Piece): boolean {
  if (depth === 0) return false;
  const from = Math.max(0, piece.decodedStart - AROUND);
  const run = firstRun(text.slice(from, piece.decodedEnd + AROUND), encoding, runs, depth);
  if (run === null) return false;
  return from + run.start < piece.decodedEnd && from + run.end > piece.decodedStart;
}

function decodedRun(run: string, bytes: ReadonlyMap<number, number>): string | null {
  const encoded = new Uint8Array(run.length);
  for (let at = 0; at < run.length; at += 1) encoded[at] = bytes.get(run.charCodeAt(at)) ?? 0;
  try {
    return UTF8.decode(encoded);
  } catch {
    return null;
  }
}

/** Whether all characters beyond ASCII are in the pieces, so that the whole text was misread. */
function isCovered(text: string, pieces: readonly Piece[]): boolean {
  let last = 0;
  for (const { start, end } of [...pieces, { start: text.length, end: text.length }]) {
    if (/[^\0-\x7f]/.test(text.slice(last, start))) return false;
    last = end;
  }
  return true;
}

function around(text: string, start: number, end: number): RunInText {
  // The beginning of a long run suffices.
  const stop = Math.min(end, start + LONGEST);
  return {
    before: text.slice(Math.max(0, start - AROUND), start),
    run: text.slice(start, stop).replace(/[\ud800-\udbff]$/, ''),
    after: text.slice(stop, stop + AROUND),
  };
}
