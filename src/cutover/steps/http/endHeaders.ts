/**
 * Headers by which an endpoint announces its end: Deprecation (RFC 9745, 2.1: an Item of RFC 9651 whose value is a
 * Date) and Sunset (RFC 8594, 3: an HTTP-date, which a sender writes as IMF-fixdate, RFC 9110, 5.6.7). Pure.
 *
 * Headers are attacker-controlled: a fault is a clause that names the form and what to send, and quotes nothing
 * but a date that was parsed.
 */

import {
  epochSeconds,
  fromEpochSeconds,
  isTimestamp,
  parseTimestamp,
} from '../../../record/dateTime.ts';

/** Unix time, in whole seconds, of the years 0001 to 9999; or what is wrong with it. */
export type EndMoment = { readonly seconds: number } | { readonly fault: string };

/** Lines of one header; undefined without one. */
type Lines = readonly string[] | undefined;

const DAY = 86_400;
const LAST = 253_402_300_799;
const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const FIXDATE = /^([A-Z][a-z]{2}), (\d\d) ([A-Z][a-z]{2}) (\d{4}) (\d\d:\d\d:\d\d) (GMT|UTC)$/;
/** Forms of RFC 850 and asctime, which only recipients know. */
const OBSOLETE =
  /^(?:[A-Z][a-z]{5,8}, \d\d-[A-Z][a-z]{2}-\d\d \d\d:\d\d:\d\d GMT|[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \d{4})$/;
/** A Date, and parameters, which have no meaning here and are passed over (RFC 9651, 3.3.7 and 3.1.2). */
const DATE =
  /^@(-?\d{1,15})(?:; *[a-z*][a-z\d_.*-]{0,63}(?:=(?:"[ !#-[\]-~]{0,256}"|[^\s",;]{1,256}))?)*$/;

/** Reads the header Deprecation. `wanted` is the moment that is expected, for what to send; null for none. */
export function readDeprecation(lines: Lines, wanted: number | null): EndMoment {
  const text = oneLine(lines, 'Deprecation');
  if (typeof text !== 'string') return text;
  const send = (seconds: number | null): string => {
    const known = wanted ?? seconds;
    return `send ${known === null ? 'the seconds since 1970, such as @1767225600' : `@${known}`} (RFC 9745)`;
  };
  const [, digits] = DATE.exec(text) ?? [];
  if (digits !== undefined) {
    const seconds = Number(digits);
    if (seconds > LAST) {
      // Milliseconds are the likely mistake, and then it is known what was meant.
      const meant = Math.floor(seconds / 1000);
      const fault = `Deprecation is after the year 9999, as milliseconds are; ${send(meant <= LAST ? meant : null)}`;
      return { fault };
    }
    return seconds < -62_135_596_800
      ? { fault: `Deprecation is no date; ${send(null)}` }
      : { seconds };
  }
  if (/^(?:true|\?[01]|false)$/i.test(text)) {
    return { fault: `Deprecation is a truth value, as in a draft, and not a date; ${send(null)}` };
  }
  const asDate = readFixdate(text);
  if (asDate !== null || OBSOLETE.test(text)) {
    const fault = `Deprecation is an HTTP-date, as in a draft; ${send(asDate?.seconds ?? null)}`;
    return { fault };
  }
  if (/^-?\d{1,15}$/.test(text)) return { fault: `Deprecation has no @; ${send(null)}` };
  if (/^@[^,]*,/.test(text)) return { fault: 'Deprecation has several values; send one' };
  return { fault: `Deprecation is no date; ${send(null)}` };
}

/** Reads the header Sunset. `wanted` is the moment that is expected, for what to send; null for none. */
export function readSunset(lines: Lines, wanted: number | null): EndMoment {
  const text = oneLine(lines, 'Sunset');
  if (typeof text !== 'string') return text;
  const send = (seconds: number | null): string => {
    const known = wanted ?? seconds;
    return `send ${known === null ? 'it as Sun, 06 Nov 1994 08:49:37 GMT is written' : fixdateOf(known)} (RFC 8594)`;
  };
  const date = readFixdate(text);
  if (date !== null) {
    const { seconds, day, zone } = date;
    const meant = dayOf(seconds);
    if (day !== shortened(meant)) {
      return { fault: `Sunset says ${day} of a date that is a ${meant}; ${send(seconds)}` };
    }
    if (zone !== 'GMT') return { fault: `Sunset ends with ${zone}; ${send(seconds)}` };
    return { seconds };
  }
  const [, digits] = DATE.exec(text) ?? [];
  if (digits !== undefined) {
    const seconds = Number(digits);
    const isKnown = seconds >= 0 && seconds <= LAST;
    return { fault: `Sunset has the form of Deprecation; ${send(isKnown ? seconds : null)}` };
  }
  if (OBSOLETE.test(text)) return { fault: `Sunset is an obsolete form of a date; ${send(null)}` };
  return { fault: `Sunset is no HTTP-date; ${send(null)}` };
}

/** A header that is there once: these two are no lists, so that a second line has no meaning (RFC 9110, 5.3). */
function oneLine(lines: Lines, name: string): string | { readonly fault: string } {
  if (lines === undefined || lines.length === 0) return { fault: `header ${name} is missing` };
  if (lines.length > 1) {
    return { fault: `header ${name} is there ${lines.length} times; send it once` };
  }
  return (lines[0] ?? '').replaceAll(/^[ \t]+|[ \t]+$/g, '');
}

interface Fixdate {
  readonly seconds: number;
  /** Day of the week as it is written, one of {@link DAYS} in three letters. */
  readonly day: string;
  readonly zone: string;
}

/** Reads an IMF-fixdate, whatever day of the week it names; null for another text and a date that does not exist. */
function readFixdate(text: string): Fixdate | null {
  const [, day = '', date = '', month = '', year = '', time = '', zone = ''] =
    FIXDATE.exec(text) ?? [];
  const number = MONTHS.indexOf(month) + 1;
  if (number === 0 || !DAYS.some((one) => shortened(one) === day)) return null;
  const seconds = momentOf(`${year}-${String(number).padStart(2, '0')}-${date}T${time}`);
  return seconds === null ? null : { seconds, day, zone };
}

/** Returns the Unix time of `YYYY-MM-DDTHH:MM:SS` in UTC; null for another text and a time that does not exist. */
export function momentOf(text: string): number | null {
  const local = isTimestamp(text) ? parseTimestamp(text) : null;
  return local === null ? null : epochSeconds(local);
}

/** Returns a moment as IMF-fixdate. */
function fixdateOf(seconds: number): string {
  const local = fromEpochSeconds(seconds, '');
  if (local === null) throw new RangeError('a moment outside the years 0001 to 9999');
  const [year, month, day] = local.date.split('-');
  const name = MONTHS[Number(month) - 1];
  return `${shortened(dayOf(seconds))}, ${day} ${name} ${year} ${local.time} GMT`;
}

/** Day of the week: 1970-01-01 was a Thursday. */
function dayOf(seconds: number): string {
  return DAYS[(((Math.floor(seconds / DAY) + 4) % 7) + 7) % 7] ?? '';
}

function shortened(day: string): string {
  return day.slice(0, 3);
}
