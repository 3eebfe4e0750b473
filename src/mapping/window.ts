/**
 * Agreed times in a named zone: `Sun 02:00-06:00 Europe/Vienna`, with one day or more
 * (`Sat,Sun`) or a date (`2026-12-06`), and hours from the first inclusive to the last exclusive. A
 * last hour that is not after the first one belongs to the next day. Pure.
 *
 * The clock on a wall in the zone decides. An hour that it skips, as daylight saving begins, is in
 * no window: of 02:00-06:00 three hours are left on that day, of 02:00-03:00 none. An hour that it
 * shows twice, as daylight saving ends, is in the window both times.
 */

import { fromEpochSeconds, isDate } from '../record/dateTime.ts';
import { isZone } from '../record/zone.ts';

export interface Window {
  /** Names of days, or dates `YYYY-MM-DD`. */
  readonly days: readonly string[];
  /** Minutes after midnight: [from, to); `to` may exceed a day. */
  readonly from: number;
  readonly to: number;
  readonly zone: string;
}

/** Advice for a text that is not a window. */
export const WINDOW_FORM = 'write it like "Sun 02:00-06:00 Europe/Vienna"';

const DAYS = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'];
const DAY = 24 * 60;
const FORM = /^(\S+) (\d\d):(\d\d)-(\d\d):(\d\d) (\S+)$/;

/** Parses a window; returns what is wrong as a clause if it is not one. */
export function parseWindow(text: string): Window | string {
  const match = FORM.exec(text);
  if (match === null) return 'the window is not days or a date, hours and a zone';
  const [, days = '', ...rest] = match;
  const [fromHour = 0, fromMinute = 0, toHour = 0, toMinute = 0] = rest.slice(0, 4).map(Number);
  const zone = rest[4] ?? '';
  const named = days.split(',');
  if (!named.every((day) => DAYS.includes(day)) && !named.every(isDate)) {
    return `a window needs days (${DAYS.join(', ')}) or dates YYYY-MM-DD`;
  }
  const [from, end] = [fromHour * 60 + fromMinute, toHour * 60 + toMinute];
  const isTime = fromMinute < 60 && toMinute < 60 && from < DAY && end <= DAY;
  if (!isTime || from === end) return 'the hours of the window are not times from 00:00 to 24:00';
  // A zone by name: an offset such as +01:00 has no daylight saving.
  if (!/^[A-Za-z]/.test(zone) || !isZone(zone)) return 'the zone of the window is unknown';
  return { days: named, from, to: end > from ? end : end + DAY, zone };
}

/** Whether the instant is in the window. */
export function isWithin({ days, from, to, zone }: Window, at: Date): boolean {
  const { date, weekday, minute } = wallClock(at, zone);
  const isIn = (day: string, since: number): boolean => {
    return days.includes(day) && since >= from && since < to;
  };
  if (isIn(date, minute) || isIn(weekday, minute)) return true;
  const before = wallClock(at, zone, 1);
  return isIn(before.date, minute + DAY) || isIn(before.weekday, minute + DAY);
}

/** Returns the time that the zone's clock shows, such as `Sun 2026-12-06 02:30`. */
export function shownAt(at: Date, zone: string): string {
  const { weekday, date, minute } = wallClock(at, zone);
  return `${weekday} ${date} ${two(Math.floor(minute / 60))}:${two(minute % 60)}`;
}

function two(number: number): string {
  return String(number).padStart(2, '0');
}

interface WallClock {
  /** `YYYY-MM-DD`. */
  readonly date: string;
  readonly weekday: string;
  /** Minutes after midnight, as shown. */
  readonly minute: number;
}

/** Reads the zone's clock, and its calendar so many days before. */
function wallClock(at: Date, zone: string, daysBefore: number = 0): WallClock {
  const format = new Intl.DateTimeFormat('en-US-u-ca-gregory-nu-latn', {
    timeZone: zone,
    hourCycle: 'h23',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
  });
  const parts = new Map(format.formatToParts(at).map(({ type, value }) => [type, value]));
  const part = (name: Intl.DateTimeFormatPartTypes): number => Number(parts.get(name) ?? 0);
  const day = Math.floor(Date.UTC(part('year'), part('month') - 1, part('day')) / 86_400_000);
  const calendar = day - daysBefore;
  return {
    date: fromEpochSeconds(calendar * 86_400, '')?.date ?? '',
    // 1 January 1970 was a Thursday.
    weekday: DAYS[(((calendar + 3) % 7) + 7) % 7] ?? '',
    minute: part('hour') * 60 + part('minute'),
  };
}
