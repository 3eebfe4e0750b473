/** Where lines of a CSV file end. */

import type { LineEnd } from './location.ts';

export const LF = 0x0a;
export const CR = 0x0d;

/** Names for people. */
export const LINE_END_NAMES: Readonly<Record<LineEnd, string>> = {
  lf: 'LF',
  crlf: 'CR LF',
  cr: 'CR',
  crcrlf: 'CR CR LF',
  mixed: 'LF, CR LF or CR',
};

/**
 * How many characters of a line end stand at `at`, where a CR or LF is; 0 where it belongs to a field.
 * The two characters after a CR have to be there already, unless the file ends.
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

/** How many characters at the end of a part have to wait for what comes next: at most two CR. */
export function heldBack(text: string): number {
  const end = text.length;
  if (text.charCodeAt(end - 1) !== CR) return 0;
  return text.charCodeAt(end - 2) === CR ? 2 : 1;
}
