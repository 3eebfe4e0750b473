/** Finds the ends of lines in a CSV file. */

import type { LineEnd } from './location.ts';

export const LF = 0x0a;
export const CR = 0x0d;

/** Names for messages. */
export const LINE_END_NAMES: Readonly<Record<LineEnd, string>> = {
  lf: 'LF',
  crlf: 'CR LF',
  cr: 'CR',
  crcrlf: 'CR CR LF',
  mixed: 'LF, CR LF or CR',
};

/**
 * Returns the length of the line end at `at`, the place of a CR or LF, in characters; 0 if it
 * belongs to a field. The two characters after a CR must be in `text`, unless the file ends.
 */
export function lineEndAt(text: string, at: number, lines: LineEnd): number {
  const isLf = text.charCodeAt(at) === LF;
  switch (lines) {
    case 'lf':
      return isLf ? 1 : 0;
    case 'cr':
      return isLf ? 0 : 1;
    case 'crlf':
      return !isLf && text.charCodeAt(at + 1) === LF ? 2 : 0;
    case 'crcrlf':
      return !isLf && text.charCodeAt(at + 1) === CR && text.charCodeAt(at + 2) === LF ? 3 : 0;
    default:
      return !isLf && text.charCodeAt(at + 1) === LF ? 2 : 1;
  }
}

/** Returns how many characters at the end of a part must wait for the next part: at most two CR. */
export function heldBack(text: string): number {
  const end = text.length;
  if (text.charCodeAt(end - 1) !== CR) return 0;
  return text.charCodeAt(end - 2) === CR ? 2 : 1;
}
