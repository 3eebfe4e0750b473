/** Formats progress as one line that fits a terminal's width. Pure. */

import { byteCount } from '../outcome/byteCount.ts';
import { counted, grouped } from '../outcome/counted.ts';
import { printable } from '../outcome/printable.ts';

export interface Step {
  /** A module, or a check of one. */
  readonly label: string;
  readonly done: number;
  /** Part of `done` that an earlier run has done. */
  readonly before: number;
  /** Bytes of what is done; null if not known. */
  readonly bytes: number | null;
  /** Part of `done` that was refused. */
  readonly failed: number;
  /** 0 if unknown. */
  readonly total: number;
  /** Counted unit, in the singular. */
  readonly unit: string;
  readonly seconds: number;
}

const NAME = 26;
/** Columns of the name where bytes are shown, too, and of the bytes. */
const SHORT_NAME = 17;
const BYTES = 8;
const LEAST_BAR = 8;
const MOST_BAR = 30;
/**
 * Columns of the ends of the bar, percentage, count, rate, ETA of hours, and spaces between them.
 */
const NUMBERS = 44;

/**
 * Returns `kunden   [####    ]  50%  1.2k/2.4k  12k/s  3 failed  ETA 0:01`, at most `columns` - 1
 * characters. Failures are told at the cost of the bar.
 */
export function progressLine(step: Step, columns: number): string {
  const { done, total, bytes } = step;
  const rate = rateOf(step);
  const name = bytes === null ? NAME : SHORT_NAME;
  const numbers = bytes === null ? NUMBERS : NUMBERS + BYTES + 1;
  const failed = step.failed === 0 ? [] : [`${short(step.failed)} failed`];
  const free = columns - 1 - name - numbers - failed.join('').length - failed.length;
  const width = Math.max(LEAST_BAR, Math.min(MOST_BAR, free));
  const hasBar = failed.length === 0 || free >= LEAST_BAR;
  const known = total > 0;
  const part = known ? Math.min(1, done / total) : 0;
  const eta = known && rate !== null && rate > 0 ? clock((total - done) / rate) : '--:--';
  const columnsOfText = [
    fitted(step.label, name),
    ...(hasBar ? [known ? bar(part, width) : ' '.repeat(width + 2)] : []),
    (known ? `${Math.floor(part * 100)}%` : '').padStart(4),
    (known ? `${short(done)}/${short(total)}` : short(done)).padStart(13),
    ...(bytes === null ? [] : [byteCount(bytes).padStart(BYTES)]),
    (rate === null ? '' : `${short(rate)}/s`).padStart(8),
    ...failed,
    `ETA ${eta}`,
  ];
  return columnsOfText.join(' ').slice(0, Math.max(1, columns - 1));
}

/** Returns the line of a finished step: `kunden   1110 rows in 0.4 s, 2.8k/s, 3 failed`. */
export function doneLine(step: Step): string {
  const { label, done, unit, seconds, bytes, failed } = step;
  const size = bytes === null ? '' : `, ${byteCount(bytes)}`;
  const rate = rateOf(step);
  const fast = rate === null ? '' : `, ${short(rate)}/s`;
  return `${fitted(label, NAME)} ${counted(done, unit)}${size} in ${seconds.toFixed(1)} s${fast}${failedPart(failed)}`;
}

/** Returns `, 3 failed`, or nothing. */
export function failedPart(failed: number): string {
  return failed === 0 ? '' : `, ${grouped(failed)} failed`;
}

/** Minimum duration for a rate. */
const LEAST_SECONDS = 0.1;

/** Returns units per second; null if too early to tell. */
function rateOf({ done, before, seconds }: Step): number | null {
  return seconds < LEAST_SECONDS ? null : (done - before) / seconds;
}

/** Cuts or pads to `width` characters. */
function fitted(text: string, width: number): string {
  const characters = Array.from(printable(text));
  if (characters.length > width) return `${characters.slice(0, width - 1).join('')}…`;
  return characters.join('').padEnd(width);
}

function bar(part: number, width: number): string {
  const full = Math.round(part * width);
  return `[${'#'.repeat(full)}${' '.repeat(width - full)}]`;
}

const UNITS = ['', 'k', 'M', 'G', 'T'];

/** Formats 950, 1.2k, 34k, 5.6M: at most 5 characters. */
function short(number: number): string {
  let [value, unit] = [Math.max(0, number), 0];
  while (value >= 999.5 && unit < UNITS.length - 1) [value, unit] = [value / 1000, unit + 1];
  const digits = unit > 0 && value < 99.95 ? 1 : 0;
  return `${value.toFixed(digits)}${UNITS[unit]}`;
}

/** Formats 0:07, 12:34, 3:00:00. */
function clock(seconds: number): string {
  const whole = Math.min(Math.ceil(seconds), 99 * 3600);
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  const rest = String(whole % 60).padStart(2, '0');
  return hours > 0 ? `${hours}:${String(minutes).padStart(2, '0')}:${rest}` : `${minutes}:${rest}`;
}
