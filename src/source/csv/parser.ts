/**
 * The CSV parser (RFC 4180): parts of a text in, records out. Strict: what a quote could mean twice
 * is refused. It keeps one record at most, and knows the line of the file on which each began.
 */

import { MAX_COLUMNS, MAX_RECORD_BYTES } from '../files/file.ts';
import { CsvDefect } from './defect.ts';
import { CR, heldBack, LF, lineEndAt } from './lineEnd.ts';
import type { LineEnd } from './location.ts';

export type Fields = (string | null)[];

/** A record and the line on which it begins. */
export interface CsvRecord {
  readonly fields: Fields;
  readonly line: number;
}

/** How a file is written, with nothing left open. */
export interface ParserOptions {
  readonly delimiter: string;
  readonly lines: LineEnd;
  /** `end`: only lines at the end of the file may be blank, and are no records. */
  readonly blank: 'row' | 'skip' | 'end';
  readonly nullText: string;
}

export interface CsvParser {
  /** The records that end in this part. @throws CsvDefect */
  push(part: string): CsvRecord[];
  /** The last record, where no line end follows it. @throws CsvDefect */
  end(): CsvRecord[];
}

const QUOTE = 0x22;

/** Where the parser stands. Offsets are characters of the whole text. */
interface State extends ParserOptions {
  readonly code: number;
  readonly breaks: LineBreaks;
  place: 'start' | 'plain' | 'quoted' | 'closed';
  /** The field so far, as far as it stands in parts before this one or before a doubled quote. */
  value: string;
  fields: Fields;
  found: CsvRecord[];
  /** Before this part. */
  taken: number;
  begin: number;
  line: number;
  beginLine: number;
  quoteLine: number;
  /** The first blank line that no record has followed; 0 where there is none. */
  blankLine: number;
}

/** `firstLine` is the number of the line on which the text begins. */
export function csvParser(options: ParserOptions, firstLine: number): CsvParser {
  const state: State = {
    ...options,
    code: options.delimiter.charCodeAt(0),
    breaks: lineBreaks(options.lines),
    place: 'start',
    value: '',
    fields: [],
    found: [],
    taken: 0,
    begin: 0,
    line: firstLine,
    beginLine: firstLine,
    quoteLine: firstLine,
    blankLine: 0,
  };
  let held = '';
  return {
    push(part) {
      const text = held === '' ? part : held + part;
      const end = text.length - heldBack(text);
      held = text.slice(end);
      return take(state, text, end);
    },
    end() {
      const records = take(state, held, held.length);
      if (state.place === 'quoted') {
        const what = 'a quoted field is never closed, it was opened here';
        throw new CsvDefect(what, state.quoteLine);
      }
      if (state.taken === state.begin) return records;
      const { value } = state;
      endField(state, state.place === 'closed' || value !== state.nullText ? value : null);
      endRecord(state, state.taken, state.taken);
      return [...records, ...state.found];
    },
  };
}

/** The records that end before `end`. */
function take(state: State, text: string, end: number): CsvRecord[] {
  let at = 0;
  while (at < end) {
    if (state.place === 'quoted') at = quoted(state, text, at, end);
    else if (state.place === 'closed') at = closed(state, text, at);
    else if (state.place === 'start' && text.charCodeAt(at) === QUOTE) {
      state.place = 'quoted';
      state.quoteLine = state.line;
      at += 1;
    } else at = plain(state, text, at, end);
  }
  state.taken += end;
  assertSize(state, state.taken);
  const { found } = state;
  state.found = [];
  return found;
}

/** Takes a text without quotes from `from` on; where it ended. */
function plain(state: State, text: string, from: number, end: number): number {
  const { code: delimiter, nullText, lines } = state;
  for (let at = from; at < end; at++) {
    const code = text.charCodeAt(at);
    if (code === delimiter) {
      const field = state.value + text.slice(from, at);
      endField(state, field === nullText ? null : field);
      return at + 1;
    }
    if (code > QUOTE) continue;
    if (code === QUOTE) {
      throw new CsvDefect('a quote stands inside a field that is not quoted', state.line);
    }
    if (code !== LF && code !== CR) continue;
    const length = lineEndAt(text, at, lines);
    if (length === 0) {
      if (code === state.breaks.code) state.line += 1;
      continue;
    }
    const field = state.value + text.slice(from, at);
    endField(state, field === nullText ? null : field);
    endRecord(state, state.taken + at, state.taken + at + length);
    return at + length;
  }
  state.place = 'plain';
  state.value += text.slice(from, end);
  return end;
}

/** Takes what stands between quotes, up to the next quote. */
function quoted(state: State, text: string, from: number, end: number): number {
  const quote = text.indexOf('"', from);
  const to = quote < 0 || quote > end ? end : quote;
  const piece = text.slice(from, to);
  state.line += state.breaks.count(piece);
  state.value += piece;
  if (to === end) return end;
  state.place = 'closed';
  return to + 1;
}

/** After a quote that may have closed the field. */
function closed(state: State, text: string, at: number): number {
  const code = text.charCodeAt(at);
  if (code === QUOTE) {
    state.value += '"';
    state.place = 'quoted';
    return at + 1;
  }
  if (code === state.code) {
    endField(state, state.value);
    return at + 1;
  }
  const length = code === LF || code === CR ? lineEndAt(text, at, state.lines) : 0;
  if (length === 0) {
    throw new CsvDefect('a quoted field goes on after its closing quote', state.line);
  }
  endField(state, state.value);
  endRecord(state, state.taken + at, state.taken + at + length);
  return at + length;
}

function endField(state: State, field: string | null): void {
  if (state.fields.length === MAX_COLUMNS) {
    const what = `the record that begins here has more than ${MAX_COLUMNS} fields`;
    throw new CsvDefect(what, state.beginLine);
  }
  state.fields.push(field);
  state.value = '';
  state.place = 'start';
}

/** `at` is where the line end stands, `next` what follows it. */
function endRecord(state: State, at: number, next: number): void {
  const { beginLine, blankLine, blank } = state;
  assertSize(state, at);
  if (at > state.begin || blank === 'row') {
    if (blankLine > 0 && blank === 'end') {
      throw new CsvDefect('this line is blank, and records follow it', blankLine);
    }
    state.found.push({ fields: state.fields, line: beginLine });
  } else if (blankLine === 0) state.blankLine = beginLine;
  state.fields = [];
  state.begin = next;
  state.line += 1;
  state.beginLine = state.line;
}

function assertSize({ begin, beginLine }: State, at: number): void {
  if (at - begin <= MAX_RECORD_BYTES) return;
  const what = `the record that begins here is longer than ${MAX_RECORD_BYTES} characters`;
  throw new CsvDefect(what, beginLine);
}

/** What counts as the next line, as in an editor: the CR or the LF of a line end. */
interface LineBreaks {
  /** The sign that does so inside a field without quotes; -1 where none can stand there. */
  readonly code: number;
  count(text: string): number;
}

function lineBreaks(lines: LineEnd): LineBreaks {
  if (lines === 'mixed') {
    return { code: -1, count: (text) => text.match(/\r\n?|\n/g)?.length ?? 0 };
  }
  const sign = lines === 'cr' ? '\r' : '\n';
  return {
    code: sign.charCodeAt(0),
    count(text) {
      let found = 0;
      for (let at = text.indexOf(sign); at >= 0; at = text.indexOf(sign, at + 1)) found += 1;
      return found;
    },
  };
}
