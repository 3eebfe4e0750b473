/**
 * How the bytes of a cell become the JSON of a field, by the field's type. Each form accepts only cells
 * that the converter of the type accepts, with the same result, and refuses all others.
 */

import { hash } from 'node:crypto';

import { converter } from '../../record/convert.ts';
import { BlobContent, RawJson, Rejection } from '../../record/converted.ts';
import { parseJson } from '../../record/jsonText.ts';
import type { FieldType } from '../../record/type.ts';
import type { SourceValue } from '../../record/value.ts';
import { CELL, cellOfJson } from '../../source/cellPage.ts';

/**
 * Writes the JSON of the cell `bytes[start, end)` at `at` of `target`, which has room; returns its end,
 * or -1 if the cell has another form.
 */
export type WriteCell = (
  kind: number,
  bytes: Uint8Array,
  start: number,
  end: number,
  target: Buffer,
  at: number,
) => number;

const [QUOTE, BACKSLASH, MINUS, POINT, ZERO, NINE] = [0x22, 0x5c, 0x2d, 0x2e, 0x30, 0x39];
const [COLON, SPACE, LETTER_T, LETTER_Z, PLUS] = [0x3a, 0x20, 0x54, 0x5a, 0x2b];

/** Returns the form of the cells of a type that are not null. */
export function cellForm(type: FieldType): WriteCell {
  switch (type.kind) {
    case 'string':
      return text;
    case 'integer':
      return integer;
    case 'boolean':
      return boolean;
    case 'float':
      return float;
    case 'decimal':
      return type.digits === undefined ? byConverter(type) : decimal(type.digits);
    case 'date':
      return date;
    case 'time':
      return type.digits === undefined ? byConverter(type) : time(type.digits);
    case 'timestamp':
      return type.digits === undefined ? byConverter(type) : timestamp(type.digits, false);
    case 'timestamptz':
      return type.digits === undefined ? byConverter(type) : timestamp(type.digits, true);
    case 'uuid':
      return uuid;
    case 'bytes':
      return base64;
    case 'blob':
      return blob;
    case 'json':
    case 'array':
    case 'bigint':
      return byConverter(type);
    default:
      return refused;
  }
}

function refused(): number {
  return -1;
}

/** Converts the value of a cell as the mapper does, for types that have no common form in bytes. */
function byConverter(type: FieldType): WriteCell {
  const convert = converter({ type });
  return (kind, bytes, start, end, target, at) => {
    const value = valueOf(kind, bytes, start, end);
    const converted = value === null ? null : convert(value);
    // A null here is not that of the cell, and the mapper has something to say about it.
    if (converted === null || converted instanceof Rejection) return -1;
    if (converted instanceof BlobContent) return -1;
    const json = converted instanceof RawJson ? converted.text : JSON.stringify(converted);
    if (json === 'null') return -1;
    const length = Buffer.byteLength(json);
    return at + length > target.length ? -1 : at + target.write(json, at);
  };
}

/** Returns the value of a text, an integer or JSON; null for any other cell. */
function valueOf(kind: number, bytes: Uint8Array, start: number, end: number): SourceValue {
  const text = (): string =>
    Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString('utf8');
  if (kind === CELL.text) return text();
  if (kind === CELL.integer) return plainInteger(text());
  return kind === CELL.json ? cellOfJson(parseJson(text())) : null;
}

function plainInteger(digits: string): number | bigint {
  const value = Number(digits);
  return Number.isSafeInteger(value) ? value : BigInt(digits);
}

/** Writes `null`. */
export function writeNull(target: Buffer, at: number): number {
  target[at] = 0x6e;
  target[at + 1] = 0x75;
  target[at + 2] = 0x6c;
  target[at + 3] = 0x6c;
  return at + 4;
}

/** Escapes of two characters, by the control character (RFC 8785 §3.2.2.2). */
const SHORT: ReadonlyMap<number, number> = new Map([
  [0x08, 0x62],
  [0x09, 0x74],
  [0x0a, 0x6e],
  [0x0c, 0x66],
  [0x0d, 0x72],
  [QUOTE, QUOTE],
  [BACKSLASH, BACKSLASH],
]);

const text: WriteCell = (kind, bytes, start, end, target, from) => {
  if (kind !== CELL.text) return -1;
  let at = from;
  target[at] = QUOTE;
  at += 1;
  for (let index = start; index < end; index += 1) {
    const byte = bytes[index] ?? 0;
    if (byte >= SPACE && byte !== QUOTE && byte !== BACKSLASH) {
      target[at] = byte;
      at += 1;
    } else {
      at = escaped(byte, target, at);
    }
  }
  target[at] = QUOTE;
  return at + 1;
};

function escaped(byte: number, target: Buffer, at: number): number {
  const short = SHORT.get(byte);
  target[at] = BACKSLASH;
  if (short !== undefined) {
    target[at + 1] = short;
    return at + 2;
  }
  return at + 1 + target.write(`u00${byte.toString(16).padStart(2, '0')}`, at + 1, 'latin1');
}

/** Digits of 2^53, which begins with a 9. */
const SAFE_DIGITS = 16;

/**
 * Returns where the digits of an integer begin if it is in canonical form and certainly within ±2^53, else
 * -1: no zeros before a number, no minus before zero.
 */
export function digitsOf(bytes: Uint8Array, start: number, end: number): number {
  const first = bytes[start] === MINUS ? start + 1 : start;
  const length = end - first;
  if (length > SAFE_DIGITS || (length === SAFE_DIGITS && bytes[first] === NINE)) return -1;
  return bytes[first] === ZERO && (length > 1 || first > start) ? -1 : first;
}

const integer: WriteCell = (kind, bytes, start, end, target, at) => {
  if (kind !== CELL.integer || digitsOf(bytes, start, end) < 0) return -1;
  return copied(bytes, start, end, target, at);
};

const boolean: WriteCell = (kind, _bytes, _start, _end, target, at) => {
  if (kind === CELL.true) return at + target.write('true', at, 'latin1');
  return kind === CELL.false ? at + target.write('false', at, 'latin1') : -1;
};

const float: WriteCell = (kind, bytes, start, end, target, at) => {
  if (kind !== CELL.double) return -1;
  const value = Number(
    Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString('latin1'),
  );
  if (!Number.isFinite(value) || value === 0) return -1;
  return at + target.write(String(value), at, 'latin1');
};

function decimal(digits: number): WriteCell {
  const tail = digits === 0 ? 0 : digits + 1;
  return (kind, bytes, start, end, target, at) => {
    if (kind !== CELL.text) return -1;
    const first = bytes[start] === MINUS ? start + 1 : start;
    const point = end - tail;
    if (point <= first || !areDigits(bytes, first, point)) return -1;
    if (bytes[first] === ZERO && point - first > 1) return -1;
    if (digits > 0 && (bytes[point] !== POINT || !areDigits(bytes, point + 1, end))) return -1;
    // A negative zero is not canonical.
    if (first > start && bytes[first] === ZERO && isZero(bytes, first, end)) return -1;
    return quoted(bytes, start, end, target, at);
  };
}

function isZero(bytes: Uint8Array, start: number, end: number): boolean {
  for (let at = start; at < end; at += 1) {
    if (bytes[at] !== ZERO && bytes[at] !== POINT) return false;
  }
  return true;
}

const DATE_LENGTH = 10;
const TIME_LENGTH = 8;

const date: WriteCell = (kind, bytes, start, end, target, at) => {
  if (kind !== CELL.text || end - start !== DATE_LENGTH || !isDate(bytes, start)) return -1;
  return quoted(bytes, start, end, target, at);
};

function time(digits: number): WriteCell {
  return (kind, bytes, start, end, target, from) => {
    if (kind !== CELL.text || !isTime(bytes, start, end)) return -1;
    let at = from;
    target[at] = QUOTE;
    at = timeInto(bytes, start, end, { digits, target, at: at + 1 });
    if (at < 0) return -1;
    target[at] = QUOTE;
    return at + 1;
  };
}

function timestamp(digits: number, isInstant: boolean): WriteCell {
  return (kind, bytes, start, end, target, from) => {
    if (kind !== CELL.text || end - start < DATE_LENGTH + 1 + TIME_LENGTH) return -1;
    const separator = bytes[start + DATE_LENGTH];
    if (!isDate(bytes, start) || (separator !== SPACE && separator !== LETTER_T)) return -1;
    const stop = isInstant ? beforeUtc(bytes, start, end) : end;
    const begin = start + DATE_LENGTH + 1;
    if (stop < 0 || !isTime(bytes, begin, stop)) return -1;
    let at = from;
    target[at] = QUOTE;
    at = copied(bytes, start, start + DATE_LENGTH, target, at + 1);
    target[at] = LETTER_T;
    at = timeInto(bytes, begin, stop, { digits, target, at: at + 1 });
    if (at < 0) return -1;
    if (isInstant) {
      target[at] = LETTER_Z;
      at += 1;
    }
    target[at] = QUOTE;
    return at + 1;
  };
}

/** Returns where `+00` or `Z` at the end of an instant begins; -1 if it has another offset. */
function beforeUtc(bytes: Uint8Array, start: number, end: number): number {
  if (bytes[end - 1] === LETTER_Z) return end - 1;
  const at = end - 3;
  const isUtc =
    at > start && bytes[at] === PLUS && bytes[at + 1] === ZERO && bytes[at + 2] === ZERO;
  return isUtc ? at : -1;
}

/** Copies a time with exactly `digits` digits after the point; returns -1 if it has more. */
function timeInto(
  bytes: Uint8Array,
  start: number,
  end: number,
  { digits, target, at: from }: { digits: number; target: Buffer; at: number },
): number {
  const has = Math.max(0, end - start - TIME_LENGTH - 1);
  if (has > digits) return -1;
  let at = copied(bytes, start, end, target, from);
  if (has === 0 && digits > 0) {
    target[at] = POINT;
    at += 1;
  }
  for (let more = has; more < digits; more += 1) {
    target[at] = ZERO;
    at += 1;
  }
  return at;
}

const DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** Whether text begins with `YYYY-MM-DD` of an existing date; see record/dateTime.ts. */
function isDate(bytes: Uint8Array, at: number): boolean {
  if (bytes[at + 4] !== MINUS || bytes[at + 7] !== MINUS) return false;
  const year = twoDigits(bytes, at) * 100 + twoDigits(bytes, at + 2);
  const [month, day] = [twoDigits(bytes, at + 5), twoDigits(bytes, at + 8)];
  const isLeap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
  const days = month === 2 && isLeap ? 29 : (DAYS[month - 1] ?? 0);
  return year > 0 && day >= 1 && day <= days;
}

/** Whether text is `HH:MM:SS`, with a fraction or without. */
function isTime(bytes: Uint8Array, start: number, end: number): boolean {
  const length = end - start;
  if (length !== TIME_LENGTH && length < TIME_LENGTH + 2) return false;
  if (bytes[start + 2] !== COLON || bytes[start + 5] !== COLON) return false;
  const [hours, minutes] = [twoDigits(bytes, start), twoDigits(bytes, start + 3)];
  if (!(hours <= 23 && minutes <= 59 && twoDigits(bytes, start + 6) <= 59)) return false;
  if (length === TIME_LENGTH) return true;
  return bytes[start + TIME_LENGTH] === POINT && areDigits(bytes, start + TIME_LENGTH + 1, end);
}

/** Returns the number of two digits; NaN, which is in no range, for other bytes. */
function twoDigits(bytes: Uint8Array, at: number): number {
  const [tens, ones] = [(bytes[at] ?? 0) - ZERO, (bytes[at + 1] ?? 0) - ZERO];
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : Number.NaN;
}

const UUID_LENGTH = 36;
const NO_DIGIT = 0xff;

/** The value of each lower-case hexadecimal digit; 255 for all other bytes. */
const HEX_DIGITS: Uint8Array = Uint8Array.from({ length: 256 }, (_, byte) => {
  const digit = '0123456789abcdef'.indexOf(String.fromCodePoint(byte));
  return digit < 0 ? NO_DIGIT : digit;
});

/** Returns the value of a lower-case hexadecimal digit; 255 for all other bytes. */
export function hexDigit(byte: number): number {
  return HEX_DIGITS[byte] ?? NO_DIGIT;
}

const uuid: WriteCell = (kind, bytes, start, end, target, at) => {
  if (kind !== CELL.text || end - start !== UUID_LENGTH || !isUuid(bytes, start)) return -1;
  return quoted(bytes, start, end, target, at);
};

/** Whether 36 bytes are a UUID in lower case. */
export function isUuid(bytes: Uint8Array, start: number): boolean {
  return (
    areHex(bytes, start, start + 8) &&
    areHex(bytes, start + 9, start + 13) &&
    areHex(bytes, start + 14, start + 18) &&
    areHex(bytes, start + 19, start + 23) &&
    areHex(bytes, start + 24, start + UUID_LENGTH) &&
    bytes[start + 8] === MINUS &&
    bytes[start + 13] === MINUS &&
    bytes[start + 18] === MINUS &&
    bytes[start + 23] === MINUS
  );
}

function areHex(bytes: Uint8Array, start: number, end: number): boolean {
  let all = 0;
  // Only the value of other bytes has a bit above the fourth.
  for (let at = start; at < end; at += 1) all |= HEX_DIGITS[bytes[at] ?? 0] ?? NO_DIGIT;
  return all <= 0xf;
}

/** The most bytes of a field of type `bytes`: more are a blob. */
const MOST_BYTES = 65_536;

const base64: WriteCell = (kind, bytes, start, end, target, at) => {
  if (kind !== CELL.bytes || end - start > MOST_BYTES) return -1;
  const value = Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start);
  target[at] = QUOTE;
  const stop = at + 1 + target.write(value.toString('base64'), at + 1, 'latin1');
  target[stop] = QUOTE;
  return stop + 1;
};

const blob: WriteCell = (kind, bytes, start, end, target, at) => {
  if (kind !== CELL.bytes) return -1;
  const digest = hash('sha256', bytes.subarray(start, end), 'hex');
  return at + target.write(`{"sha256":"${digest}","size":${end - start}}`, at, 'latin1');
};

function areDigits(bytes: Uint8Array, start: number, end: number): boolean {
  for (let at = start; at < end; at += 1) {
    const byte = bytes[at] ?? 0;
    if (byte < ZERO || byte > NINE) return false;
  }
  return end > start;
}

function copied(
  bytes: Uint8Array,
  start: number,
  end: number,
  target: Buffer,
  from: number,
): number {
  let at = from;
  for (let index = start; index < end; index += 1) {
    target[at] = bytes[index] ?? 0;
    at += 1;
  }
  return at;
}

function quoted(bytes: Uint8Array, start: number, end: number, target: Buffer, at: number): number {
  target[at] = QUOTE;
  const stop = copied(bytes, start, end, target, at + 1);
  target[stop] = QUOTE;
  return stop + 1;
}
