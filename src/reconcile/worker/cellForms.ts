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
import { areDigits, copied, quoted, type WriteCell } from './copiedBytes.ts';
import { date, time, timestamp } from './temporalForms.ts';

const [QUOTE, BACKSLASH, MINUS, POINT, ZERO, NINE] = [0x22, 0x5c, 0x2d, 0x2e, 0x30, 0x39];
const SPACE = 0x20;

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
