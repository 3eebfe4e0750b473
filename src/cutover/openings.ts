/** When the window of a runbook is open. A local time that the clock skips or repeats has none: lint says so. Pure. */

import { isoTime } from '../outcome/age.ts';
import { isDate } from '../record/dateTime.ts';
import { zoneOffsets } from '../record/zone.ts';
import type { Window } from './runbook.ts';

/** Groups: weekday or date, hour, minute. */
export const WINDOW_START: RegExp = /^(Mon|Tue|Wed|Thu|Fri|Sat|Sun|\d{4}-\d\d-\d\d) (\d\d):(\d\d)$/;
const WEEKDAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
const DAY = 86_400;
/** A window is at most so many days long that one of this many days before may still be open. */
const DAYS_BACK = 8;

/** Returns the dates from `first` on, in days since 1970, on which a window begins: one, or those of a weekday. */
export function windowDates(day: string, first: number, days: number): readonly string[] {
  if (isDate(day)) return [day];
  return (
    Array.from({ length: days }, (_, at) => first + at)
      // 1 January 1970 was a Thursday.
      .filter((number) => WEEKDAYS[(number + 4) % 7] === day)
      .map((number) => isoTime(number * DAY).slice(0, 10))
  );
}

/** A time from which to which a window is open, in ms since 1970. */
export interface Opening {
  readonly from: number;
  readonly to: number;
}

/** Returns the opening that is under way at a time, or the next one; null if there is none any more. */
export function openingAt(window: Window, now: Date): Opening | null {
  const [, day = '', hour = '00', minute = '00'] = WINDOW_START.exec(window.start) ?? [];
  const today = Math.floor(now.getTime() / 1000 / DAY);
  const offsetAt = zoneOffsets(window.zone);
  const openings = windowDates(day, today - DAYS_BACK, 2 * DAYS_BACK + 1).flatMap((date) => {
    const instant = offsetAt({ date, time: `${hour}:${minute}:00`, fraction: '' });
    if (instant.kind !== 'unique') return [];
    const from = Date.parse(`${date}T${hour}:${minute}:00Z`) - instant.offset * 1000;
    return [{ from, to: from + window.for }];
  });
  return openings.find(({ to }) => to > now.getTime()) ?? null;
}
