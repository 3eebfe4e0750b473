/**
 * Finds faults of text as it is in the source, before any transform: control and invisible
 * characters, traces of a wrong decoding, text that is not composed. The text is not changed.
 */

import { mayHoldRuns, mojibakeRun } from './mojibake.ts';

type TextRule =
  | 'text-nul'
  | 'text-control'
  | 'text-invisible'
  | 'text-replacement'
  | 'text-mojibake'
  | 'text-not-nfc';

/** First occurrence of one kind of fault: [start, end) in Unicode code points. */
export interface TextFault {
  readonly rule: TextRule;
  readonly reason: string;
  readonly start: number;
  readonly end: number;
}

/** Anything but printable ASCII, tabs and line ends, of which most text is made. */
const BEYOND_ASCII = /[^\t\n\r\x20-\x7e]/;

const CONTROL = String.raw`\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f`;
/**
 * Characters from U+0300, without those of European text and emoji: joiners, dashes, quotation
 * marks, currency signs, dingbats, variation selectors, U+1F000 to U+1FBFF. None of those has
 * another form in Unicode, and below U+0300 all text is NFC.
 */
const UNUSUAL =
  String.raw`\u0300-\u200b\u200e-\u200f\u2028-\u202e\u2060-\u209f\u20c0-\u2121\u2123-\u25ff` +
  String.raw`\u27c0-\ud83b\ud83f-\udbff\ue000-\ufe0e\ufe10-\uffff`;

/** Prefilters: text that they do not match has no fault, which keeps the checks cheap. */
const SUSPECT = new RegExp(`[${UNUSUAL}${CONTROL}]`);
const SUSPECT_OR_PAIR = new RegExp(String.raw`[${UNUSUAL}${CONTROL}]|[^\0-\x7f]{2}`);

/**
 * Whether a text in this JSON may have a fault: not if all is ASCII, and only line ends and tabs
 * are escaped control characters. One fast search of a record saves a check of each text.
 */
export function isSuspectJson(json: string): boolean {
  if (Buffer.byteLength(json) !== json.length || json.includes('\x7f')) return true;
  return json.includes('\\') && CONTROL_ESCAPES.some((escape) => json.includes(escape));
}

/** Escapes that JSON.stringify writes for control characters, except line ends and tabs. */
const CONTROL_ESCAPES: readonly string[] = ['\\u', '\\b', '\\f'];

interface Check {
  readonly rule: TextRule;
  readonly reason: string;
  readonly pattern: RegExp;
}

const CHECKS: readonly Check[] = [
  { rule: 'text-nul', reason: 'the text holds U+0000', pattern: /\0/ },
  {
    rule: 'text-control',
    reason: 'the text holds a control character',
    pattern: new RegExp(`(?!\\0)[${CONTROL}]`),
  },
  {
    rule: 'text-invisible',
    reason: 'the text holds an invisible or bidirectional control character',
    pattern: /[\u200b\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]/,
  },
  {
    rule: 'text-replacement',
    reason: 'the text holds U+FFFD: characters were lost earlier',
    pattern: /\ufffd/,
  },
];

/** Returns each kind of fault once, with its first occurrence; most texts have none. */
export function textFaults(text: string): readonly TextFault[] {
  if (!BEYOND_ASCII.test(text) || !SUSPECT_OR_PAIR.test(text)) return NONE;
  const encodings = mayHoldRuns(text);
  if (encodings === 0 && !SUSPECT.test(text)) return NONE;
  const faults: TextFault[] = [];
  for (const { rule, reason, pattern } of CHECKS) {
    const at = text.search(pattern);
    if (at !== -1) faults.push({ rule, reason, ...codePointRange(text, at, at + 1) });
  }
  const run = encodings === 0 ? null : mojibakeRun(text, encodings);
  if (run !== null) {
    const reason = `the text looks like UTF-8 that was read as ${run.encoding}`;
    faults.push({ rule: 'text-mojibake', reason, ...codePointRange(text, run.start, run.end) });
  }
  const composed = text.normalize('NFC');
  if (composed !== text) {
    const reason = 'the text is not in Unicode normal form C';
    faults.push({ rule: 'text-not-nfc', reason, ...notComposed(text, composed) });
  }
  return faults;
}

const NONE: readonly TextFault[] = [];

/** Finds the first character, with its marks, that normal form C writes differently. */
function notComposed(text: string, composed: string): Pick<TextFault, 'start' | 'end'> {
  let at = 0;
  while (text.charCodeAt(at) === composed.charCodeAt(at)) at += 1;
  if (isLowSurrogate(text.charCodeAt(at))) at -= 1;
  const after = at + ((text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1);
  // The difference may be at a mark: the character begins before it.
  const head = /(?:\P{M}\p{M}*|\p{M}+)$/u.exec(text.slice(Math.max(0, after - 64), after));
  const start = after - (head?.[0].length ?? 1);
  const whole = /^[^]\p{M}*/u.exec(text.slice(start, start + 1024));
  return codePointRange(text, start, start + (whole?.[0].length ?? 1));
}

function isLowSurrogate(unit: number): boolean {
  return unit >= 0xdc00 && unit <= 0xdfff;
}

/** Converts a range of UTF-16 units to one of code points. */
function codePointRange(
  text: string,
  start: number,
  end: number,
): Pick<TextFault, 'start' | 'end'> {
  const first = codePointsBefore(text, 0, start);
  return { start: first, end: first + codePointsBefore(text, start, end) };
}

function codePointsBefore(text: string, from: number, to: number): number {
  let count = 0;
  for (let at = from; at < to; at += 1) {
    // A low surrogate belongs to the unit before it: text is well-formed.
    if (!isLowSurrogate(text.charCodeAt(at))) count += 1;
  }
  return count;
}
