/**
 * Strict JSON (RFC 8259) without loss: nothing is rounded, repaired, guessed or dropped.
 *
 * Also refuses duplicate keys, strings that are not well-formed Unicode, and nesting deeper than
 * {@link MAX_DEPTH}. Objects are Maps, so `__proto__` is an ordinary key. Time is linear in the
 * length of the text. Errors state the position and what was expected, but nothing of the text,
 * which may be a record.
 */

import { exactNumber } from './exactNumber.ts';
import {
  firstLoneSurrogate,
  JsonSyntaxError,
  positionAt,
  type TextPosition,
} from './jsonSyntaxError.ts';
import { InexactNumber, type JsonObject, type JsonValue } from './value.ts';

export { JsonSyntaxError } from './jsonSyntaxError.ts';

/** Maximum nesting of arrays and objects. */
export const MAX_DEPTH = 512;

/** Offsets of a member's key and value; an array's element has its value's offset for both. */
interface Mark {
  readonly key: number;
  readonly value: number;
}
type Marks = Map<object, Map<string, Mark>>;
type Parsed = { readonly value: JsonValue; readonly start: number };

interface Cursor {
  readonly text: string;
  at: number;
  depth: number;
  readonly marks: Marks | null;
  readonly asWritten: boolean;
}

/**
 * Parses one JSON text. A number is a JS number if its decimal value equals that of the double's
 * shortest form (as for all integers within ±(2^53−1)), otherwise an {@link InexactNumber}, as is
 * negative zero. Beyond 2^53 the exact value of a JS number is `String(n)`, not `BigInt(n)`.
 * @throws JsonSyntaxError
 */
export function parseJson(text: string): JsonValue {
  return parseText(text, null).value;
}

/** Like {@link parseJson}, but a number such as 1.10 is an {@link InexactNumber}. */
export function parseJsonAsWritten(text: string): JsonValue {
  return parseText(text, null, true).value;
}

export interface PositionedJson {
  readonly value: JsonValue;
  /**
   * Returns the position of the value at a JSON pointer (RFC 6901), or of its key if `part` is
   * 'key'. If there is no such value, returns the position of its deepest existing ancestor.
   */
  readonly positionOf: (pointer: string, part?: 'key' | 'value') => TextPosition;
}

/** Like {@link parseJson}, but slower, and with the position of each value. */
export function parseJsonWithPositions(text: string): PositionedJson {
  const marks: Marks = new Map();
  const { value, start } = parseText(text, marks);
  return {
    value,
    positionOf: (pointer, part = 'value') =>
      positionAt(text, offsetOf(marks, value, start, pointer, part)),
  };
}

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Decodes UTF-8 and keeps a byte order mark; null if the bytes are not valid UTF-8. */
export function decodeUtf8(bytes: Uint8Array): string | null {
  try {
    return UTF8.decode(bytes);
  } catch {
    return null;
  }
}

function parseText(text: string, marks: Marks | null, asWritten = false): Parsed {
  const cursor: Cursor = { text, at: 0, depth: 0, marks, asWritten };
  // Strings of a well-formed text are well-formed, unless they have escapes.
  if (!text.isWellFormed()) {
    throw fault(cursor, firstLoneSurrogate(text), 'lone surrogate in the text');
  }
  skipSpace(cursor);
  const start = cursor.at;
  const value = parseValue(cursor);
  skipSpace(cursor);
  if (cursor.at < text.length) throw fault(cursor, cursor.at, 'expected the end of the text');
  return { value, start };
}

function skipSpace(cursor: Cursor): void {
  const { text } = cursor;
  let { at } = cursor;
  for (; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) break;
  }
  cursor.at = at;
}

/** Returns the code unit at the cursor; NaN at the end of the text. */
function peek(cursor: Cursor): number {
  return cursor.text.charCodeAt(cursor.at);
}

/** Parses the value at the cursor and moves the cursor after it. */
function parseValue(cursor: Cursor): JsonValue {
  switch (peek(cursor)) {
    case 0x22:
      return parseString(cursor);
    case 0x7b:
      return parseObject(cursor);
    case 0x5b:
      return parseArray(cursor);
    case 0x74:
      return parseWord(cursor, 'true', true);
    case 0x66:
      return parseWord(cursor, 'false', false);
    case 0x6e:
      return parseWord(cursor, 'null', null);
    default:
      return parseNumber(cursor);
  }
}

function parseWord<T>(cursor: Cursor, word: string, value: T): T {
  if (!cursor.text.startsWith(word, cursor.at)) throw fault(cursor, cursor.at, 'expected a value');
  cursor.at += word.length;
  return value;
}

function parseObject(cursor: Cursor): JsonObject {
  const object = new Map<string, JsonValue>();
  const marks = enter(cursor, object);
  if (peek(cursor) === 0x7d) return leave(cursor, object);
  for (;;) {
    const keyAt = cursor.at;
    if (peek(cursor) !== 0x22) throw fault(cursor, keyAt, 'expected a key in double quotes');
    const key = parseString(cursor);
    skipSpace(cursor);
    if (peek(cursor) !== 0x3a) throw fault(cursor, cursor.at, 'expected ":"');
    cursor.at += 1;
    skipSpace(cursor);
    marks?.set(key, { key: keyAt, value: cursor.at });
    const before = object.size;
    object.set(key, parseValue(cursor));
    if (object.size === before) throw fault(cursor, keyAt, 'duplicate key');
    if (endsAfterItem(cursor, 0x7d, 'expected "," or "}"')) return leave(cursor, object);
  }
}

function parseArray(cursor: Cursor): JsonValue[] {
  const array: JsonValue[] = [];
  const marks = enter(cursor, array);
  if (peek(cursor) === 0x5d) return leave(cursor, array);
  for (;;) {
    marks?.set(String(array.length), { key: cursor.at, value: cursor.at });
    array.push(parseValue(cursor));
    if (endsAfterItem(cursor, 0x5d, 'expected "," or "]"')) return leave(cursor, array);
  }
}

function enter(cursor: Cursor, container: object): Map<string, Mark> | undefined {
  cursor.depth += 1;
  if (cursor.depth > MAX_DEPTH) {
    throw fault(cursor, cursor.at, `nested deeper than ${MAX_DEPTH} levels`);
  }
  cursor.at += 1;
  skipSpace(cursor);
  if (cursor.marks === null) return undefined;
  const marks = new Map<string, Mark>();
  cursor.marks.set(container, marks);
  return marks;
}

function leave<T>(cursor: Cursor, container: T): T {
  cursor.depth -= 1;
  cursor.at += 1;
  return container;
}

/** After an item: returns true at the closing bracket; else moves to the next item. */
function endsAfterItem(cursor: Cursor, close: number, expected: string): boolean {
  skipSpace(cursor);
  const code = peek(cursor);
  if (code === close) return true;
  if (code !== 0x2c) throw fault(cursor, cursor.at, expected);
  cursor.at += 1;
  skipSpace(cursor);
  return false;
}

function parseString(cursor: Cursor): string {
  const { text } = cursor;
  const start = cursor.at + 1;
  for (let at = start; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === 0x22) {
      cursor.at = at + 1;
      return text.slice(start, at);
    }
    if (code === 0x5c) return parseEscaped(cursor, start, at);
    if (code < 0x20) throw fault(cursor, at, 'control character in a string: it has to be escaped');
  }
  throw fault(cursor, text.length, 'expected the closing quote of a string');
}

/** Parses a string with escapes, from `start`; its first backslash is at `first`. */
function parseEscaped(cursor: Cursor, start: number, first: number): string {
  const { text } = cursor;
  let result = text.slice(start, first);
  let plain = first;
  for (let at = first; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === 0x22) {
      result += text.slice(plain, at);
      if (!result.isWellFormed()) throw fault(cursor, start - 1, 'lone surrogate in a string');
      cursor.at = at + 1;
      return result;
    }
    if (code < 0x20) throw fault(cursor, at, 'control character in a string: it has to be escaped');
    if (code !== 0x5c) continue;
    result += text.slice(plain, at) + readEscape(cursor, at);
    at += text.charCodeAt(at + 1) === 0x75 ? 5 : 1;
    plain = at + 1;
  }
  throw fault(cursor, text.length, 'expected the closing quote of a string');
}

const ESCAPES: ReadonlyMap<number, string> = new Map([
  [0x22, '"'],
  [0x5c, '\\'],
  [0x2f, '/'],
  [0x62, '\b'],
  [0x66, '\f'],
  [0x6e, '\n'],
  [0x72, '\r'],
  [0x74, '\t'],
]);

/** Decodes the escape whose backslash is at `at`. */
function readEscape(cursor: Cursor, at: number): string {
  const kind = cursor.text.charCodeAt(at + 1);
  if (kind !== 0x75) {
    const simple = ESCAPES.get(kind);
    if (simple === undefined) throw fault(cursor, at, 'unknown escape in a string');
    return simple;
  }
  let unit = 0;
  for (let i = at + 2; i < at + 6; i += 1) {
    const digit = hexDigit(cursor.text.charCodeAt(i));
    if (digit < 0) throw fault(cursor, at, 'expected four hexadecimal digits after \\u');
    unit = unit * 16 + digit;
  }
  return String.fromCharCode(unit);
}

function hexDigit(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  const lower = code | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
}

function parseNumber(cursor: Cursor): number | InexactNumber {
  const { text, at: start } = cursor;
  const negative = text.charCodeAt(start) === 0x2d;
  const first = negative ? start + 1 : start;
  let at = first;
  let value = 0;
  for (let code = text.charCodeAt(at); code >= 0x30 && code <= 0x39; code = text.charCodeAt(at)) {
    value = value * 10 + (code - 0x30);
    at += 1;
  }
  if (at === first) throw fault(cursor, at, negative ? 'expected a digit' : 'expected a value');
  if (at > first + 1 && text.charCodeAt(first) === 0x30) {
    throw fault(cursor, first, 'a number must not have leading zeros');
  }
  const next = text.charCodeAt(at);
  // A sum of up to 15 digits is exact; a zero may be negative.
  if (next !== 0x2e && (next | 0x20) !== 0x65 && at - first <= 15 && value !== 0) {
    cursor.at = at;
    return negative ? -value : value;
  }
  return parseOtherNumber(cursor, start, at);
}

/** Parses a number that is not a short integer; the digits before the point end at `whole`. */
function parseOtherNumber(cursor: Cursor, start: number, whole: number): number | InexactNumber {
  const { text } = cursor;
  let at = whole;
  if (text.charCodeAt(at) === 0x2e) at = skipDigits(cursor, at + 1);
  const fractionEnd = at;
  if ((text.charCodeAt(at) | 0x20) === 0x65) {
    const sign = text.charCodeAt(at + 1);
    at = skipDigits(cursor, at + (sign === 0x2b || sign === 0x2d ? 2 : 1));
  }
  cursor.at = at;
  const lexeme = text.slice(start, at);
  // Trailing zeros of a number with an exponent do not count.
  if (cursor.asWritten && at > whole && at === fractionEnd && lexeme.endsWith('0')) {
    return new InexactNumber(lexeme);
  }
  // A double preserves 15 significant digits (DBL_DIG) if there is no exponent.
  const decimal = at === fractionEnd && fractionEnd > whole && text.charCodeAt(start) !== 0x2d;
  return decimal && lexeme.length <= 16 ? Number(lexeme) : exactNumber(lexeme);
}

function skipDigits(cursor: Cursor, from: number): number {
  let at = from;
  for (let code = cursor.text.charCodeAt(at); code >= 0x30 && code <= 0x39;) {
    at += 1;
    code = cursor.text.charCodeAt(at);
  }
  if (at === from) throw fault(cursor, at, 'expected a digit');
  return at;
}

function fault(cursor: Cursor, offset: number, message: string): JsonSyntaxError {
  const where = offset >= cursor.text.length ? `${message}, but the text ends` : message;
  return new JsonSyntaxError(where, positionAt(cursor.text, offset));
}

function offsetOf(
  marks: Marks,
  root: JsonValue,
  start: number,
  pointer: string,
  part: 'key' | 'value',
): number {
  let offset = start;
  let value: JsonValue | undefined = root;
  for (const token of pointer.split('/').slice(1)) {
    const name = token.replaceAll('~1', '/').replaceAll('~0', '~');
    const mark = typeof value === 'object' && value !== null ? marks.get(value)?.get(name) : null;
    if (mark === undefined || mark === null) break;
    offset = mark[part];
    value = value instanceof Map ? value.get(name) : (value as readonly JsonValue[])[Number(name)];
  }
  return offset;
}
