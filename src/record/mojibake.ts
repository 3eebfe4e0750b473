/**
 * UTF-8 that was read as another encoding, once or more: `Ã¤`, `√§`, `├ñ`, `Г¤` for ä. A run of
 * characters counts where its bytes in an encoding are UTF-8, and what it decodes to fits the word
 * around it while the run itself does not. Right words are left alone: São, É, «CAFÉ», её, IRMÃ.
 */

import { ENCODINGS, encodingsIn, sequenceOf, type Encoding } from './encoding.ts';
import { fitsAsDecoded, fitsAsWritten, type Stretch } from './wordFit.ts';

/** Where a run stands, in UTF-16 units, and as what it was read. */
export interface MojibakeRun {
  readonly start: number;
  readonly end: number;
  readonly encoding: string;
}

/** Runs of each encoding, once there may be one. */
const RUNS: RegExp[] = [];
const PAIR = /[^\0-\x7f]{2}/;
const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** How often text may have been decoded wrongly, each time in the same way. */
const DEPTH = 3;
/** What is looked at on both sides of a run. */
const AROUND = 32;
const LONGEST = 256;

/** A bit for each encoding that there can be a run of; 0 for most texts. */
export function mayHoldRuns(text: string): number {
  return PAIR.test(text) ? encodingsIn(text) : 0;
}

/** The first run of these encodings; null where there is none. */
export function mojibakeRun(
  text: string,
  encodings: number = mayHoldRuns(text),
): MojibakeRun | null {
  let found: MojibakeRun | null = null;
  for (const [bit, encoding] of ENCODINGS.entries()) {
    if ((encodings & (1 << bit)) === 0) continue;
    const runs = (RUNS[bit] ??= new RegExp(`${sequenceOf(encoding)}+`, 'g'));
    // One that begins later is not the first.
    const end = found === null ? text.length : found.end;
    const run = firstRun(text.slice(0, end), encoding, runs, DEPTH);
    if (run !== null && (found === null || run.start < found.start)) found = run;
  }
  return found;
}

/** Where a run stands in the text, and in the text with all runs decoded. */
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

/** As `matchAll`, which compiles the expression anew for each text. */
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

/** Whether what a run decodes to is part of a run in the decoded text. */
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

/** Whether all characters beyond ASCII are in the pieces: the whole text was read wrongly. */
function isCovered(text: string, pieces: readonly Piece[]): boolean {
  let last = 0;
  for (const { start, end } of [...pieces, { start: text.length, end: text.length }]) {
    if (/[^\0-\x7f]/.test(text.slice(last, start))) return false;
    last = end;
  }
  return true;
}

function around(text: string, start: number, end: number): Stretch {
  // The beginning of a long run says enough.
  const stop = Math.min(end, start + LONGEST);
  return {
    before: text.slice(Math.max(0, start - AROUND), start),
    run: text.slice(start, stop).replace(/[\ud800-\udbff]$/, ''),
    behind: text.slice(stop, stop + AROUND),
  };
}
