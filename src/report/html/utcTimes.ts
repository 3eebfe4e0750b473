/** Times of a run for its report: in UTC, with the day where it took more than one. Pure. */

import { isoTime } from '../../outcome/age.ts';
import { html, type Markup } from './markup.ts';

const MONTHS = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ');

/** Writes times of one run, in ms since 1970; `–` for one that is not known. */
export type TimeText = (at: number | null) => Markup;

/** Returns how the times between two are written: with seconds, and with the day unless it is one and the same. */
export function utcTimes(from: number, to: number): TimeText {
  const oneDay = isoTime(from / 1000).slice(0, 10) === isoTime(to / 1000).slice(0, 10);
  return (at) => {
    if (at === null) return html`–`;
    const time = clockOf(at);
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

function clockOf(at: number): string {
  return isoTime(at / 1000).slice(11, 19);
}
