/**
 * Dates and times as text, ISO 8601 calendar form, proleptic Gregorian, years 0001 to 9999.
 * No `Date` parsing: it drops microseconds, follows TZ and turns 30 February into 1 March.
 */

const DIGITS = /^\d+$/;
const OFFSET = /(Z|[+-]\d{2}(?::?\d{2})?)$/;
const HYPHEN = 0x2d;
const COLON = 0x3a;
const LETTER_T = 0x54;
const SPACE = 0x20;
const DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** A local date and time; `fraction` holds the digits after the second's point, '' for none. */
export interface LocalTime {
  readonly date: string;
  readonly time: string;
  readonly fraction: string;
}

/** True for an existing calendar date `YYYY-MM-DD`. */
export function isDate(text: string): boolean {
  return text.length === 10 && hasDate(text);
}

/** Whether text begins with an existing date. */
function hasDate(text: string): boolean {
  if (text.charCodeAt(4) !== HYPHEN || text.charCodeAt(7) !== HYPHEN) return false;
  const year = twoDigits(text, 0) * 100 + twoDigits(text, 2);
  const month = twoDigits(text, 5);
  const day = twoDigits(text, 8);
  const leap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
  const days = month === 2 && leap ? 29 : (DAYS[month - 1] ?? 0);
  return year > 0 && day >= 1 && day <= days;
}

/** Whether `HH:MM:SS` at `at` is a time of day; 24:00:00 and second 60 are not. */
function hasTime(text: string, at: number): boolean {
  if (text.charCodeAt(at + 2) !== COLON || text.charCodeAt(at + 5) !== COLON) return false;
  return (
    twoDigits(text, at) <= 23 && twoDigits(text, at + 3) <= 59 && twoDigits(text, at + 6) <= 59
  );
}

/** Returns the fraction digits after the second that ends at `end`; null for other text. */
function fractionAt(text: string, end: number): string | null {
  if (text.length === end) return '';
  const fraction = text.slice(end + 1);
  return text[end] === '.' && DIGITS.test(fraction) ? fraction : null;
}

/** Splits `HH:MM:SS[.fraction]`; null if it is not a time of day. */
export function parseTime(text: string): Pick<LocalTime, 'time' | 'fraction'> | null {
  const fraction = hasTime(text, 0) ? fractionAt(text, 8) : null;
  return fraction === null ? null : { time: text.slice(0, 8), fraction };
}

/** Whether a text is a local date and time to the second, separated by `T` or a space. */
export function isTimestamp(text: string): boolean {
  return (
    text.length === 19 && isSeparator(text.charCodeAt(10)) && hasDate(text) && hasTime(text, 11)
  );
}

function isSeparator(unit: number): boolean {
  return unit === LETTER_T || unit === SPACE;
}

/** Returns the number of two decimal digits at `at`; NaN, which is in no range, for other text. */
function twoDigits(text: string, at: number): number {
  const [tens, ones] = [text.charCodeAt(at) - 48, text.charCodeAt(at + 1) - 48];
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : Number.NaN;
}

/** Splits `YYYY-MM-DD` + (`T` or space) + time; null if it is not a local date and time. */
export function parseTimestamp(text: string): LocalTime | null {
  if (!isSeparator(text.charCodeAt(10)) || !hasDate(text) || !hasTime(text, 11)) return null;
  const fraction = fractionAt(text, 19);
  if (fraction === null) return null;
  return { date: text.slice(0, 10), time: text.slice(11, 19), fraction };
}

/** Splits a local time from its offset from UTC in minutes; null if there is no offset. */
export function parseTimestampTz(text: string): { local: LocalTime; offset: number } | null {
  const match = OFFSET.exec(text.slice(11));
  if (match === null) return null;
  const suffix = match[1] ?? '';
  const local = parseTimestamp(text.slice(0, text.length - suffix.length).trimEnd());
  if (local === null) return null;
  if (suffix === 'Z') return { local, offset: 0 };
  const hours = Number(suffix.slice(1, 3));
  const minutes = Number(suffix.slice(3).replace(':', '') || 0);
  if (hours > 18 || minutes > 59) return null;
  return { local, offset: (suffix.startsWith('-') ? -1 : 1) * (hours * 60 + minutes) };
}

/** Returns the seconds since 1970-01-01T00:00:00 of a local time, as if it were UTC. */
export function epochSeconds({ date, time }: LocalTime): number {
  const year = twoDigits(date, 0) * 100 + twoDigits(date, 2);
  const days = daysFromCivil(year, twoDigits(date, 5), twoDigits(date, 8));
  const seconds = twoDigits(time, 0) * 3600 + twoDigits(time, 3) * 60 + twoDigits(time, 6);
  return days * 86_400 + seconds;
}

/** The inverse of {@link epochSeconds}; null outside the years 0001 to 9999. */
export function fromEpochSeconds(seconds: number, fraction: string): LocalTime | null {
  const days = Math.floor(seconds / 86_400);
  const rest = seconds - days * 86_400;
  const [year, month, day] = civilFromDays(days);
  if (year < 1 || year > 9999) return null;
  const time = [rest / 3600, (rest / 60) % 60, rest % 60].map((part) => pad(Math.floor(part), 2));
  return {
    date: `${pad(year, 4)}-${pad(month, 2)}-${pad(day, 2)}`,
    time: time.join(':'),
    fraction,
  };
}

function pad(value: number, width: number): string {
  return String(value).padStart(width, '0');
}

/** Returns the days since 1970-01-01 (H. Hinnant, chrono-compatible low-level date algorithms). */
function daysFromCivil(year: number, month: number, day: number): number {
  const y = month <= 2 ? year - 1 : year;
  const era = Math.floor(y / 400);
  const yearOfEra = y - era * 400;
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  const dayOfEra =
    yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * 146_097 + dayOfEra - 719_468;
}

function civilFromDays(days: number): [number, number, number] {
  const z = days + 719_468;
  const era = Math.floor(z / 146_097);
  const dayOfEra = z - era * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra -
      Math.floor(dayOfEra / 1460) +
      Math.floor(dayOfEra / 36_524) -
      Math.floor(dayOfEra / 146_096)) /
      365,
  );
  const dayOfYear =
    dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const shifted = Math.floor((5 * dayOfYear + 2) / 153);
  const month = shifted < 10 ? shifted + 3 : shifted - 9;
  const day = dayOfYear - Math.floor((153 * shifted + 2) / 5) + 1;
  return [yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day];
}
