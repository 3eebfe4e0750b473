/** Times of a runbook: in a zone that has a name, in no hour that a change of clocks takes or repeats. */

import { formatDuration } from '../../record/duration.ts';
import { isDate } from '../../record/dateTime.ts';
import { isZone, zoneOffsets } from '../../record/zone.ts';
import { isoTime } from '../../outcome/age.ts';
import type { Window } from '../runbook.ts';
import { WINDOW_START, windowDates } from '../openings.ts';
import { textsIn, type Linted, type Report } from './report.ts';

/** A date with a time and no zone after it. */
const LOCAL = /\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?!\S*(?:Z\b|[+-]\d\d:?\d\d))/;
const DAY = 86_400;
const DAYS_AHEAD = 371;

export function lintTimes({ runbook, value, today }: Linted, report: Report): void {
  const { window, steps } = runbook;
  for (const { text, pointer } of textsIn(value)) {
    if (pointer === '/window/start' || !LOCAL.test(text)) continue;
    report('runbook-zone', pointer, 'the time has no zone; write it in UTC, with Z');
  }
  if (window === null) return;
  lintWindow(window, today, report);
  if (!steps.some(({ use }) => use === 'gate.window')) {
    report('runbook-window', '/window', 'nothing waits for the window; add a gate.window step');
  }
  const total = steps.reduce((sum, { takes }) => sum + (takes ?? 0), 0);
  if (total <= window.for) return;
  const reason = `the steps take ${formatDuration(total)}, longer than the window`;
  report('runbook-window', '/window/for', reason);
}

function lintWindow({ zone, start, for: length }: Window, today: Date, report: Report): void {
  // CET and +01:00 have no change of clocks where the wall has one.
  const named = zone === 'UTC' || (zone.includes('/') && isZone(zone));
  if (!named) {
    report('runbook-zone', '/window/tz', 'the zone has no name such as Europe/Vienna');
  }
  const [, day = '', hour = '', minute = ''] = WINDOW_START.exec(start) ?? [];
  const isTime = Number(hour) < 24 && Number(minute) < 60;
  if (day === '' || !isTime || (/^\d/.test(day) && !isDate(day))) {
    const reason =
      'the beginning is not a day and a time such as "Sun 02:00" or "2026-12-06 02:00"';
    report('runbook-zone', '/window/start', reason);
    return;
  }
  if (!named) return;
  const change = clockChange(windowDates(day, daysOf(today), DAYS_AHEAD), `${hour}:${minute}`, {
    zone,
    length,
  });
  if (change !== null) report('runbook-window', '/window/start', change);
}

function daysOf(today: Date): number {
  return Math.floor(today.getTime() / 1000 / DAY);
}

/** Says on which date the clock changes in the window; null if it does on none. */
function clockChange(
  dates: readonly string[],
  time: string,
  { zone, length }: { readonly zone: string; readonly length: number },
): string | null {
  const offsetAt = zoneOffsets(zone);
  for (const date of dates) {
    const from = Date.parse(`${date}T${time}:00Z`) / 1000;
    let before: number | null = null;
    // Whatever changes, changes for a quarter of an hour or longer.
    for (let second = from; second < from + Math.min(length / 1000, 7 * DAY); second += 900) {
      const at = isoTime(second);
      const instant = offsetAt({ date: at.slice(0, 10), time: at.slice(11, 19), fraction: '' });
      if (instant.kind === 'gap') return `on ${date} the clock skips an hour of it`;
      if (instant.kind === 'overlap') return `on ${date} the clock shows an hour of it twice`;
      if (before !== null && before !== instant.offset)
        return `on ${date} the clock changes during it`;
      before = instant.offset;
    }
  }
  return null;
}
