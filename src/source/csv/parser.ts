/**
 * CSV parser (RFC 4180): takes parts of a text, returns records. Strict: an ambiguous quote is
 * rejected. It holds one record at most, and knows the line of the file on which each began.
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

/** The form of a file, with nothing left open. */
export interface ParserOptions {
  readonly delimiter: string;
  readonly lines: LineEnd;
  /**
   * `end`: lines without characters are allowed at the end of the file only, and are not records.
   */
  readonly emptyLines: 'row' | 'skip' | 'end';
  readonly nullText: string;
}

export interface CsvParser {
  /** Returns the records that end in this part. @throws CsvDefect */
  push(part: string): CsvRecord[];
  /** Returns the last record, if no line end follows it. @throws CsvDefect */
  end(): CsvRecord[];
}

const QUOTE = 0x22;

/** State of the parser. Offsets are in characters of the whole text. */
interface State extends ParserOptions {
  readonly code: number;
  readonly breaks: LineBreaks;
  place: 'start' | 'plain' | 'quoted' | 'closed';
  /** The part of the field in previous parts, or before a doubled quote. */
  value: string;
  fields: Fields;
  found: CsvRecord[];
  /** Number of characters before this part. */
  taken: number;
  begin: number;
  line: number;
  beginLine: number;
  quoteLine: number;
  /** Number of the first empty line after the last record; 0 if there is none. */
  firstEmptyLine: number;
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
    firstEmptyLine: 0,
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
        const what = 'the quoted field that begins here is never closed';
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

/** Returns the records that end before `end`. */
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

/** Reads text without quotes from `from` on; returns the place after it. */
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
      throw new CsvDefect('there is a quote inside a field that is not quoted', state.line);
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

/** Reads text between quotes, up to the next quote. */
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

/** Continues after a quote that may have closed the field. */
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
    throw new CsvDefect('a quoted field continues after its closing quote', state.line);
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

/** Ends the record: the line end is at `at`, the next record begins at `next`. */
function endRecord(state: State, at: number, next: number): void {
  const { beginLine, firstEmptyLine, emptyLines } = state;
  assertSize(state, at);
  if (at > state.begin || emptyLines === 'row') {
    if (firstEmptyLine > 0 && emptyLines === 'end') {
      throw new CsvDefect('this line is empty, but records follow it', firstEmptyLine);
    }
    state.found.push({ fields: state.fields, line: beginLine });
  } else if (firstEmptyLine === 0) state.firstEmptyLine = beginLine;
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

/** Counter of lines as in an editor, which count the CR or the LF of a line end. */
interface LineBreaks {
  /** Code that breaks lines inside a field without quotes; -1 if none can be there. */
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
