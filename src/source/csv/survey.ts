/**
 * A look over a whole CSV file: how its lines end, how many records it has, and which sign splits all
 * of them alike. Nothing is taken apart here: a quote begins or ends what is quoted, a doubled one
 * does both. It counts what the parser has to find, so that it shares no code with it.
 */

import { MAX_RECORD_BYTES } from '../files/file.ts';
import { CsvDefect } from './defect.ts';
import type { CsvOptions, LineEnd } from './location.ts';

/** Signs that are told from a file where they split all its records alike. */
export const DELIMITERS: readonly string[] = [',', ';', '\t', '|'];
/** Signs that some program may split by, too: to ask about, not to take. */
const RARE: readonly string[] = [' ', ':', '^', '~', '\x01', '\x1f', '!', '#', '\xa6', '\xa7'];

/** What a sign does outside of quotes. */
export interface Split {
  readonly delimiter: string;
  /** How often it stands in the first record. */
  readonly inFirst: number;
  /** Of the records after the first, those in which it stands as often. */
  readonly alike: number;
  /** The line of the first of them in which it stands at all; 0 where in none. */
  readonly elsewhere: number;
}

export interface Survey {
  /** As given, or as the first line ends; null where no line ends. */
  readonly lines: LineEnd | null;
  /** Where a line ends otherwise than the first, and how. */
  readonly otherEnd: { readonly line: number; readonly lines: LineEnd } | null;
  /** Lines with a character, the header among them. */
  readonly records: number;
  /** Lines without one, and where the first is. */
  readonly blank: number;
  readonly firstBlank: number;
  readonly splits: readonly Split[];
}

export interface Surveyor {
  /** @throws CsvDefect where a record is too long */
  push(part: string): void;
  end(): Survey;
}

type Counter = { -readonly [K in keyof Split]: Split[K] } & { now: number };

const QUOTE = 0x22;
/** What a character is: one of these, or the place of its counter. */
const PLAIN = 255;
const BREAK = 254;
const QUOTES = 253;

/** Where the look stands. Offsets are characters of the whole text. */
interface State {
  readonly counters: readonly Counter[];
  /** Whether line ends were given. */
  readonly given: boolean;
  readonly firstLine: number;
  readonly breaks: { lf: number; cr: number; crlf: number };
  lines: LineEnd | null;
  otherEnd: Survey['otherEnd'];
  records: number;
  blank: number;
  firstBlank: number;
  quoted: boolean;
  /** Before this part. */
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
    blank: 0,
    firstBlank: 0,
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
      // A line end may begin here and go on in the next part.
      const end = text.length - (/\r{0,2}$/.exec(text)?.[0].length ?? 0);
      held = text.slice(end);
      take(state, classes, text, end);
    },
    end() {
      take(state, classes, held, held.length);
      if (state.taken > state.begin) endRecord(state, state.taken, state.taken);
      const { otherEnd, records, blank, firstBlank, counters } = state;
      return { lines: state.lines, otherEnd, records, blank, firstBlank, splits: counters };
    },
  };
}

function take(state: State, { classes, wide }: Classes, text: string, end: number): void {
  const { counters, breaks } = state;
  let { quoted } = state;
  for (let at = 0; at < end; at++) {
    const code = text.charCodeAt(at);
    const kind = code < 256 ? classes[code] : code === wide ? 0 : PLAIN;
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

/** A CR or LF outside of quotes; how many characters it takes. */
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
    if (state.blank === 0) state.firstBlank = state.beginLine;
    state.blank += 1;
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
  /** The code of a delimiter beyond them. */
  readonly wide: number;
}

function classesOf(signs: readonly string[]): Classes {
  const classes = new Uint8Array(256).fill(PLAIN);
  let wide = -1;
  for (const [place, sign] of signs.entries()) {
    const code = sign.charCodeAt(0);
    if (code < classes.length) classes[code] = place;
    else wide = code;
  }
  classes[QUOTE] = QUOTES;
  classes['\n'.charCodeAt(0)] = BREAK;
  classes['\r'.charCodeAt(0)] = BREAK;
  return { classes, wide };
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

/** How long the line end at `at` is; 0 where there is none. */
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
