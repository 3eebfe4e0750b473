/** Texts that people give and that are kept and shown as they are: names and reasons. */

import { Failure } from '../outcome/failure.ts';
import { printable } from '../outcome/printable.ts';

export interface TextPlace {
  /** As a sentence begins: `a run id`. */
  readonly what: string;
  /** The option or variable. */
  readonly where: string;
  readonly hint: string;
}

/** @throws Failure USAGE unless the text has 1 to `max` printable characters and is not blank */
export function assertSoundText(text: string, max: number, { what, where, hint }: TextPlace): void {
  if (text.trim() === '') throw new Failure('USAGE', { what: `${what} is missing`, where, hint });
  if (text.length <= max && text.isWellFormed() && printable(text) === text) return;
  throw new Failure('USAGE', { what: `${what} has 1 to ${max} printable characters`, where, hint });
}
