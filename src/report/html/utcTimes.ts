/** Times of a run for its report: in UTC, with the day where it took more than one. Pure. */

import { isoTime } from '../../outcome/age.ts';
import { html, type Markup } from './markup.ts';

const MONTHS = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ');

/**
 * Writes times of one run, in ms since 1970; `–` for one that is not known. `beside` is one that stands beside it,
 * from which it can be told.
 */
export type TimeText = (at: number | null, beside?: number | null) => Markup;

/**
 * Returns how the times between two are written: with the day unless it is one and the same, and with seconds, or
 * tenths and thousandths of them where the one beside it would look the same.
 */
export function utcTimes(from: number, to: number): TimeText {
  const oneDay = isoTime(from / 1000).slice(0, 10) === isoTime(to / 1000).slice(0, 10);
  return (at, beside = null) => {
    if (at === null) return html`–`;
    const time = clockOf(at, beside);
    return html`<time datetime="${isoTime(at / 1000)}"
      >${oneDay ? time : `${dayOf(at)} ${time}`}</time
    >`;
  };
}

/** Formats a day as `6 Dec`. */
export function dayOf(at: number): string {
  const [, month = '', day = ''] = isoTime(at / 1000)
    .slice(0, 10)
    .split('-');
  return `${Number(day)} ${MONTHS[Number(month) - 1] ?? ''}`;
}

/** Formats a time as `6 Dec 2026, 02:00:03 UTC`. */
export function dayAndTime(at: number): string {
  return `${dayOf(at)} ${isoTime(at / 1000).slice(0, 4)}, ${clockOf(at)} UTC`;
}

function clockOf(at: number, beside: number | null = null): string {
  const isAlike = (unit: number): boolean =>
    beside !== null && at !== beside && Math.floor(at / unit) === Math.floor(beside / unit);
  const end = isAlike(100) ? 23 : isAlike(1000) ? 21 : 19;
  return isoTime(at / 1000).slice(11, end);
}
