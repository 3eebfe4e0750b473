/** Masked and generalised values: what is left of a text once most of it is taken away. */

import { isDate, parseTimestamp, parseTimestampTz } from '../record/dateTime.ts';
import type { Coarse, Mask } from './treatment.ts';

/** Letters with their marks, digits, and what is masked already: masking twice changes nothing more. */
const MASKABLE = /[\p{L}\p{M}\p{N}*]/gu;

/**
 * Makes the function that replaces letters and digits by `*`, but for those at the ends that stay. All are
 * replaced where there are fewer than twice as many as would stay.
 */
export function masker({ first, last }: Mask): (text: string) => string {
  return (text) => {
    const count = text.match(MASKABLE)?.length ?? 0;
    const few = count < 2 * (first + last);
    let at = -1;
    return text.replaceAll(MASKABLE, (character) => {
      at += 1;
      return !few && (at < first || at >= count - last) ? character : '*';
    });
  };
}

/** Makes the function that generalises a text; it returns null for a text without date or number. */
export function generaliser(to: Coarse): (text: string) => string | null {
  if (typeof to === 'object') {
    if ('step' in to) return (text) => rangeOf(text, BigInt(to.step));
    return (text) =>
      Array.from(text.slice(0, 2 * to.first))
        .slice(0, to.first)
        .join('');
  }
  const length = { year: 4, month: 7, decade: 3 }[to];
  const end = to === 'decade' ? '0s' : '';
  return (text) => (hasDay(text) ? text.slice(0, length) + end : null);
}

/** Whether a text is a date in ISO 8601 form, alone or with a time, with or without an offset. */
function hasDay(text: string): boolean {
  return isDate(text) || parseTimestamp(text) !== null || parseTimestampTz(text) !== null;
}

/** Of a plain decimal number; what is longer than numbers of records is none. */
const NUMBER = /^(-?)(\d{1,1000})(?:\.(\d{1,1000}))?$/;

/** `30-39`: the step that a number is in, by its floor. */
function rangeOf(text: string, step: bigint): string | null {
  const [, sign, whole, fraction = ''] = NUMBER.exec(text) ?? [];
  if (whole === undefined) return null;
  const size = BigInt(whole);
  const below = /[1-9]/.test(fraction) ? 1n : 0n;
  const floor = sign === '-' ? -size - below : size;
  const over = ((floor % step) + step) % step;
  return `${floor - over}-${floor - over + step - 1n}`;
}
