/**
 * Surveys a whole CSV file: its line ends, the number of its records, and the signs that split all
 * of them alike. It does not parse: a quote begins or ends a quoted part, a doubled quote does
 * both. Its count checks the parser, with which it shares no code.
 */

import { MAX_RECORD_BYTES } from '../files/file.ts';
import { CsvDefect } from './defect.ts';
import type { CsvOptions, LineEnd } from './location.ts';

/** Signs that are chosen as delimiter of a file if they split all its records alike. */
export const DELIMITERS: readonly string[] = [',', ';', '\t', '|'];
/** Signs that some programs use as delimiter, too: they are offered, not chosen. */
const RARE: readonly string[] = [' ', ':', '^', '~', '\x01', '\x1f', '!', '#', '\xa6', '\xa7'];

/** Occurrences of a sign outside of quotes. */
export interface Split {
  readonly delimiter: string;
  /** Number of occurrences in the first record. */
  readonly inFirst: number;
  /** Number of records after the first in which it is as frequent. */
  readonly alike: number;
  /** Line of the first of them that contains it; 0 if none does. */
  readonly elsewhere: number;
}

export interface Survey {
  /** As given, or as the first line ends; null if no line ends. */
  readonly lines: LineEnd | null;
  /** The first line that ends in another way than the first line does. */
  readonly otherEnd: { readonly line: number; readonly lines: LineEnd } | null;
  /** Number of lines with a character, the header included. */
  readonly records: number;
  /** Number of lines without a character, and the number of the first. */
  readonly emptyLines: number;
  readonly firstEmptyLine: number;
  readonly splits: readonly Split[];
}

export interface Surveyor {
  /** @throws CsvDefect if a record is too long */
  push(part: string): void;
  end(): Survey;
}

type Counter = { -readonly [K in keyof Split]: Split[K] } & { now: number };

const QUOTE = 0x22;
/** Class of a character: one of these, or the index of its counter. */
const PLAIN = 255;
const BREAK = 254;
const QUOTES = 253;

/** State of the survey. Offsets are in characters of the whole text. */
interface State {
  readonly counters: readonly Counter[];
  /** Whether the line ends were given. */
  readonly given: boolean;
  readonly firstLine: number;
  readonly breaks: { lf: number; cr: number; crlf: number };
  lines: LineEnd | null;
  otherEnd: Survey['otherEnd'];
  records: number;
  emptyLines: number;
  firstEmptyLine: number;
  quoted: boolean;
  /** Number of characters before this part. */
  taken: number;
  begin: number;
  beginLine: number;
}

/** `firstLine` is the number of the line on which the text begins. */
export function surveyor({ delimiter, lines }: CsvOptions, firstLine: number): Surveyor {
  const signs = delimiter === undefined ? [...DELIMITERS, ...RARE] : [delimiter];
  const state: State = {
    counters: signs.map((sign) => {
      return { delimiter: sign, inFirst: 0, alike: 0, elsewhere: 0, now: 0 };
    }),
    given: lines !== undefined,
    firstLine,
    breaks: { lf: 0, cr: 0, crlf: 0 },
    lines: lines ?? null,
    otherEnd: null,
    records: 0,
    emptyLines: 0,
    firstEmptyLine: 0,
    quoted: false,
    taken: 0,
    begin: 0,
    beginLine: firstLine,
  };
  const classes = classesOf(signs);
  let held = '';
  return {
    push(part) {
      const text = held === '' ? part : held + part;
      // A line end may begin here and continue in the next part.
      const end = text.length - (/\r{0,2}$/.exec(text)?.[0].length ?? 0);
      held = text.slice(end);
      take(state, classes, text, end);
    },
    end() {
      take(state, classes, held, held.length);
      if (state.taken > state.begin) endRecord(state, state.taken, state.taken);
      const { otherEnd, records, emptyLines, firstEmptyLine, counters } = state;
      return {
        lines: state.lines,
        otherEnd,
        records,
        emptyLines,
        firstEmptyLine,
        splits: counters,
      };
    },
  };
}

function take(state: State, { classes, extra }: Classes, text: string, end: number): void {
  const { counters, breaks } = state;
  let { quoted } = state;
  for (let at = 0; at < end; at++) {
    const code = text.charCodeAt(at);
    const kind = code < 256 ? classes[code] : code === extra ? 0 : PLAIN;
    if (kind === PLAIN) continue;
    if (kind === QUOTES) quoted = !quoted;
    else if (kind === BREAK) {
      if (quoted) countBreak(breaks, text, at);
      else at += atBreak(state, text, at) - 1;
    } else if (!quoted) (counters[kind ?? 0] as Counter).now += 1;
  }
  state.quoted = quoted;
  state.taken += end;
  assertSize(state, state.taken);
}

/** Handles a CR or LF outside of quotes; returns the number of characters it takes. */
function atBreak(state: State, text: string, at: number): number {
  const kind = kindAt(text, at);
  state.lines ??= kind;
  if (!state.given && kind !== state.lines) {
    state.otherEnd ??= { line: lineNow(state), lines: kind };
  }
  const length = endAt(text, at, state.lines);
  const end = at + Math.max(1, length);
  for (let sign = at; sign < end; sign++) countBreak(state.breaks, text, sign);
  if (length === 0) return 1;
  endRecord(state, state.taken + at, state.taken + end);
  state.beginLine = lineNow(state);
  return length;
}

function endRecord(state: State, at: number, next: number): void {
  assertSize(state, at);
  if (at === state.begin) {
    if (state.emptyLines === 0) state.firstEmptyLine = state.beginLine;
    state.emptyLines += 1;
  } else {
    for (const counter of state.counters) compare(counter, state.records === 0, state.beginLine);
    state.records += 1;
  }
  state.begin = next;
}

function assertSize({ begin, beginLine }: State, at: number): void {
  if (at - begin <= MAX_RECORD_BYTES) return;
  const what = `the record that begins here is longer than ${MAX_RECORD_BYTES} characters`;
  throw new CsvDefect(`${what}, or a quote in it is never closed`, beginLine);
}

function lineNow({ lines, breaks, firstLine }: State): number {
  if (lines === 'cr') return firstLine + breaks.cr;
  return firstLine + breaks.lf + (lines === 'mixed' ? breaks.cr - breaks.crlf : 0);
}

interface Classes {
  readonly classes: Uint8Array;
  /** Code of a delimiter that is not in `classes`. */
  readonly extra: number;
}

function classesOf(signs: readonly string[]): Classes {
  const classes = new Uint8Array(256).fill(PLAIN);
  let extra = -1;
  for (const [place, sign] of signs.entries()) {
    const code = sign.charCodeAt(0);
    if (code < classes.length) classes[code] = place;
    else extra = code;
  }
  classes[QUOTE] = QUOTES;
  classes['\n'.charCodeAt(0)] = BREAK;
  classes['\r'.charCodeAt(0)] = BREAK;
  return { classes, extra };
}

function compare(counter: Counter, first: boolean, line: number): void {
  if (first) counter.inFirst = counter.now;
  else {
    if (counter.now === counter.inFirst) counter.alike += 1;
    if (counter.now > 0 && counter.elsewhere === 0) counter.elsewhere = line;
  }
  counter.now = 0;
}

function kindAt(text: string, at: number): LineEnd {
  if (text.startsWith('\n', at)) return 'lf';
  if (text.startsWith('\r\n', at)) return 'crlf';
  return text.startsWith('\r\r\n', at) ? 'crcrlf' : 'cr';
}

const SIGNS = { lf: '\n', crlf: '\r\n', cr: '\r', crcrlf: '\r\r\n' } as const;

/** Returns the length of the line end at `at`; 0 if there is none. */
function endAt(text: string, at: number, lines: LineEnd): number {
  if (lines === 'mixed') return kindAt(text, at) === 'crlf' ? 2 : 1;
  return text.startsWith(SIGNS[lines], at) ? SIGNS[lines].length : 0;
}

function countBreak(breaks: State['breaks'], text: string, at: number): void {
  const kind = kindAt(text, at);
  if (kind === 'lf') breaks.lf += 1;
  else breaks.cr += 1;
  if (kind === 'crlf') breaks.crlf += 1;
}
