/** Validates texts of people that are kept and shown as they are: names and reasons. */

import { Failure } from '../outcome/failure.ts';
import { printable } from '../outcome/printable.ts';

export interface TextInput {
  /** Noun that begins the message: `a run id`. */
  readonly what: string;
  /** Option or variable that gives the text. */
  readonly where: string;
  readonly hint: string;
}

/** @throws Failure USAGE unless the text has 1 to `max` printable characters, not all spaces */
export function assertPrintable(text: string, max: number, { what, where, hint }: TextInput): void {
  if (text.trim() === '') throw new Failure('USAGE', { what: `${what} is missing`, where, hint });
  if (text.length <= max && text.isWellFormed() && printable(text) === text) return;
  throw new Failure('USAGE', {
    what: `${what} must have 1 to ${max} printable characters`,
    where,
    hint,
  });
}
