/** How the bytes of dates and times become JSON; see cellForms.ts. */

import { CELL } from '../../source/cellPage.ts';
import { areDigits, copied, quoted, type WriteCell } from './copiedBytes.ts';

const [QUOTE, MINUS, POINT, ZERO, PLUS] = [0x22, 0x2d, 0x2e, 0x30, 0x2b];
const [COLON, SPACE, LETTER_T, LETTER_Z] = [0x3a, 0x20, 0x54, 0x5a];
const DATE_LENGTH = 10;
const TIME_LENGTH = 8;

/** The form of a date. */
export const date: WriteCell = (kind, bytes, start, end, target, at) => {
  if (kind !== CELL.text || end - start !== DATE_LENGTH || !isDate(bytes, start)) return -1;
  return quoted(bytes, start, end, target, at);
};

/** The form of a time with this many digits after the point. */
export function time(digits: number): WriteCell {
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

/** The form of a timestamp, local or an instant in UTC. */
export function timestamp(digits: number, isInstant: boolean): WriteCell {
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
