/**
 * Texts of programs and people in Markdown (CommonMark): as one line in which nothing is a mark, or as a block
 * that nothing in it ends. Controls become visible, so that none moves a cursor or turns the text around. Pure.
 */

import { printable } from '../../outcome/printable.ts';

/** What a person fills in. */
export const OPEN = '`__________`';
/** Most lines and bytes of an output that are pasted. */
const MOST_LINES = 40;
const MOST_BYTES = 4096;

/**
 * Returns a text in one line, without a mark of Markdown or HTML (CommonMark 0.31, 2.4; strikethrough of GFM).
 * Only what would be a mark is escaped: `_` inside a word, `>` within a line and a lone `&` stand as they are.
 */
export function escaped(text: string): string {
  return text
    .replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\s]+/gu, ' ')
    .trim()
    .replaceAll(MARKS, String.raw`\$&`)
    .replaceAll(EDGES, (run) => run.replaceAll('_', String.raw`\_`))
    .replace(/^(\d{1,9})(?=[.)](?: |$))/, '$1\\');
}

/** Marks anywhere, a backslash before one, and what is one at the beginning or before a name alone. */
const MARKS = /[*`[~]|\\(?![\p{L}\p{N} ])|(?<!\S)#|^>|^[+=-](?=[ +=-]|$)|<(?![ =\d])|&(?=#?\w+;)/gu;
/** Runs of `_` that are not between letters or digits, so that they could open or close emphasis (6.2). */
const EDGES = /(?<![\p{L}\p{N}_])_+|_+(?![\p{L}\p{N}_])/gu;

/** Returns a text in one line, or an open field where there is none. */
export function filled(text: string | null | undefined): string {
  return text === null || text === undefined || text === '' ? OPEN : escaped(text);
}

/** Returns a text as a code span (CommonMark 0.31, 6.1). */
export function codeSpan(text: string): string {
  const shown = printable(text);
  const ticks = '`'.repeat(longestRun(shown) + 1);
  const pad = /^`|`$/.test(shown) ? ' ' : '';
  return `${ticks}${pad}${shown}${pad}${ticks}`;
}

/** Returns lines of a fenced block (CommonMark 0.31, 4.5); its fence is longer than any in the text. */
export function fenced(text: string): readonly string[] {
  const lines = text.replace(/\n$/, '').split('\n').map(visible);
  const fence = '`'.repeat(Math.max(3, longestRun(text) + 1));
  return [fence, ...lines, fence];
}

/** Makes controls visible, but for tabs. */
function visible(line: string): string {
  return line.split('\t').map(printable).join('\t');
}

/** Returns how many backticks stand side by side at most. */
function longestRun(text: string): number {
  let longest = 0;
  for (const [run] of text.matchAll(/`+/g)) longest = Math.max(longest, run.length);
  return longest;
}

/** The end of an output. */
export interface Tail {
  readonly text: string;
  /** Bytes before it. */
  readonly left: number;
}

/** Returns the last 40 lines of an output, and at most 4 KiB, as UTF-8. */
export function tailOf(bytes: Uint8Array): Tail {
  const all = Buffer.from(bytes);
  let start = Math.max(0, all.length - MOST_BYTES);
  if (start > 0) {
    const line = all.indexOf(0x0a, start - 1) + 1;
    // A line that is longer than all of it is cut, at a character.
    if (line > 0 && line < all.length) start = line;
    else while (((all[start] ?? 0) & 0xc0) === 0x80) start += 1;
  }
  for (let at = all.length - 1, lines = 0; at > start; at -= 1) {
    if (all[at - 1] !== 0x0a) continue;
    lines += 1;
    if (lines === MOST_LINES) start = at;
  }
  return { text: all.toString('utf8', start), left: start };
}
