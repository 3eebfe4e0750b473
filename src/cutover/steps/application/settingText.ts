/**
 * A setting in the text of a file: a value of JSON by its path, or a line `NAME=value` as programs read it from
 * `.env`. All else of the text stays as it is, byte by byte. Pure; no failure shows a value.
 */

import { pointerTo } from '../../../mapping/place.ts';
import { Failure } from '../../../outcome/failure.ts';
import { quoteName } from '../../../outcome/quoteName.ts';
import { JsonSyntaxError, parseJsonWithPositions } from '../../../record/jsonText.ts';
import { parsePath, valueAt } from '../jsonPath.ts';
import type { Scalar } from '../stepMembers.ts';

/** How a file is written. */
export type SettingForm = 'json' | 'lines';

/** A piece of a text: from its first character to before its last. */
interface Span {
  readonly start: number;
  readonly end: number;
}

/** Whether the text has the value for the key. @throws Failure USAGE for a text that is not of the form */
export function hasSetting(text: string, form: SettingForm, key: string, value: Scalar): boolean {
  if (form === 'lines') {
    const span = lineSpan(text, key);
    return span !== null && plainOf(text.slice(span.start, span.end)) === String(value);
  }
  parsed(text);
  return valueAt(JSON.parse(text), key) === value;
}

/** Returns the text with the value for the key. @throws Failure USAGE if it cannot be written so */
export function withSetting(text: string, form: SettingForm, key: string, value: Scalar): string {
  if (form === 'json') {
    const { start, end } = jsonSpan(text, key);
    return text.slice(0, start) + JSON.stringify(value) + text.slice(end);
  }
  const span = lineSpan(text, key);
  if (span === null) {
    const begin = text === '' || text.endsWith('\n') ? text : `${text}\n`;
    return `${begin}${key}=${written(String(value), '', key)}\n`;
  }
  const before = text.slice(span.start, span.end);
  return text.slice(0, span.start) + written(String(value), before, key) + text.slice(span.end);
}

function parsed(text: string): ReturnType<typeof parseJsonWithPositions> {
  try {
    return parseJsonWithPositions(text);
  } catch (error) {
    if (!(error instanceof JsonSyntaxError)) throw error;
    throw new Failure('USAGE', {
      what: `the file is not JSON, ${error.message}`,
      where: `line ${error.line}, column ${error.column}`,
      hint: 'correct it there',
    });
  }
}

function jsonSpan(text: string, key: string): Span {
  const { positionOf } = parsed(text);
  if (valueAt(JSON.parse(text), key) === undefined) {
    const what = `the file has no value at ${quoteName(key)}`;
    throw new Failure('USAGE', { what, hint: 'add it to the file, or correct the path' });
  }
  const start = positionOf(pointerTo(...(parsePath(key) ?? []))).offset;
  return { start, end: endOfJson(text, start) };
}

const STRING = /"[^"\\]*(?:\\.[^"\\]*)*"/y;

/** Returns the end of the value that begins at an offset of a valid text. */
function endOfJson(text: string, start: number): number {
  let depth = 0;
  for (let at = start; at < text.length; at += 1) {
    const character = text[at] ?? '';
    if (character === '"') {
      STRING.lastIndex = at;
      STRING.exec(text);
      at = STRING.lastIndex - 1;
    } else if (character === '{' || character === '[') {
      depth += 1;
    } else if (character === '}' || character === ']') {
      depth -= 1;
      // That of an object around a number.
      if (depth < 0) return at;
    }
    const next = text[at + 1] ?? ',';
    if (depth === 0 && /[\s,}\]]/.test(next)) return at + 1;
  }
  return text.length;
}

const LINE = /^[ \t]*(?:export[ \t]+)?([A-Za-z_][\w.-]*)[ \t]*=[ \t]*/;
const NAME = /^[A-Za-z_][\w.-]*$/;

/** Returns where the value of a name is, with its quotes; null if no line has the name. */
function lineSpan(text: string, key: string): Span | null {
  if (!NAME.test(key)) {
    throw new Failure('USAGE', {
      what: `${quoteName(key)} cannot be a name of a line`,
      hint: 'correct it',
    });
  }
  let found: Span | null = null;
  for (let at = 0; at < text.length;) {
    const lineEnd = endOfLine(text, at);
    const [head = '', name = null] = LINE.exec(text.slice(at, lineEnd)) ?? [];
    const span = name === null ? null : valueSpan(text, at + head.length, lineEnd);
    if (name === key && span !== null) {
      if (found !== null) {
        const what = `${quoteName(key)} stands twice in the file`;
        throw new Failure('USAGE', { what, hint: 'remove one of the lines' });
      }
      found = span;
    }
    // A value in quotes may have several lines.
    at = endOfLine(text, span?.end ?? at) + 1;
  }
  return found;
}

function endOfLine(text: string, from: number): number {
  const end = text.indexOf('\n', from);
  return end < 0 ? text.length : end;
}

const IN_QUOTES = /'[^']*'|"[^"\\]*(?:\\[^][^"\\]*)*"/y;

function valueSpan(text: string, start: number, lineEnd: number): Span {
  IN_QUOTES.lastIndex = start;
  if (IN_QUOTES.test(text)) return { start, end: IN_QUOTES.lastIndex };
  const line = text.slice(start, lineEnd);
  const comment = line.search(/[ \t]#/);
  const value = (comment < 0 ? line : line.slice(0, comment)).trimEnd();
  return { start, end: start + value.length };
}

/** The value of a line without its quotes; null for one whose meaning depends on the program. */
function plainOf(value: string): string | null {
  const quote = value[0];
  if (quote !== '"' && quote !== "'") return value;
  const inner = value.slice(1, -1);
  return quote === '"' && /[\\$`]/.test(inner) ? null : inner;
}

/** Values that every program reads as they are, without quotes. */
const PLAIN = /^[\w./:@%+,=~^-]*$/;

/** Writes a value in the quotes of the one before, if it can be in them. */
function written(value: string, before: string, key: string): string {
  const quotes = [...new Set([/^["']/.exec(before)?.[0] ?? '', "'", '"'])];
  const quote = quotes.find((one) => {
    if (one === '') return PLAIN.test(value);
    return !/[\p{Cc}]/u.test(value) && !(one === '"' ? /["\\$`]/ : /'/).test(value);
  });
  if (quote !== undefined) return quote + value + quote;
  throw new Failure('USAGE', {
    what: `the value of ${quoteName(key)} cannot be written to such a file as it is`,
    hint: 'it has quotes or controls that programs read in different ways',
  });
}
