/**
 * What may be wrong with text as a source holds it, before anything is done to it: control and
 * invisible characters, traces of a wrong decoding, text that is not composed. The text itself is
 * kept as it is; only places are told.
 */

import { mayHoldRuns, mojibakeRun } from './mojibake.ts';

type TextRule =
  | 'text-nul'
  | 'text-control'
  | 'text-invisible'
  | 'text-replacement'
  | 'text-mojibake'
  | 'text-not-nfc';

/** The first place of one kind of fault: [start, end) in Unicode code points. */
export interface TextFault {
  readonly rule: TextRule;
  readonly reason: string;
  readonly start: number;
  readonly end: number;
}

/** Printable ASCII, tabs and ends of lines have no fault, and most text is made of them. */
const BEYOND_ASCII = /[^\t\n\r\x20-\x7e]/;

const CONTROL = String.raw`\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f`;
/**
 * All beyond U+0300 but what European text and emoji are made of: joiners, dashes, quotation marks,
 * signs of currencies, dingbats, variation selectors, U+1F000 to U+1FBFF. None of these has another
 * form in Unicode, and below U+0300 all text is NFC.
 */
const UNUSUAL =
  String.raw`\u0300-\u200b\u200e-\u200f\u2028-\u202e\u2060-\u209f\u20c0-\u2121\u2123-\u25ff` +
  String.raw`\u27c0-\ud83b\ud83f-\udbff\ue000-\ufe0e\ufe10-\uffff`;

/** Whether other text may have a fault. That most has none is what keeps the checks cheap. */
const SUSPECT = new RegExp(`[${UNUSUAL}${CONTROL}]`);
const SUSPECT_OR_PAIR = new RegExp(String.raw`[${UNUSUAL}${CONTROL}]|[^\0-\x7f]{2}`);

/**
 * Whether some text inside this JSON text may have a fault: it does not when all is ASCII, and no
 * control character but those of lines and tabs is escaped in it. One look at a record, by the
 * runtime's fast searches, spares one at each text.
 */
export function isSuspectJson(json: string): boolean {
  if (Buffer.byteLength(json) !== json.length || json.includes('\x7f')) return true;
  return json.includes('\\') && CONTROL_ESCAPES.some((escape) => json.includes(escape));
}

/** What JSON.stringify writes for control characters; `\\n`, `\\r` and `\\t` are none that matter. */
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
    reason: 'the text holds an invisible character, or one that turns its direction',
    pattern: /[\u200b\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]/,
  },
  {
    rule: 'text-replacement',
    reason: 'the text holds U+FFFD: characters were lost before',
    pattern: /\ufffd/,
  },
];

/** Each kind of fault once, with its first place; of most texts none. */
export function textFaults(text: string): readonly TextFault[] {
  if (!BEYOND_ASCII.test(text) || !SUSPECT_OR_PAIR.test(text)) return NONE;
  const encodings = mayHoldRuns(text);
  if (encodings === 0 && !SUSPECT.test(text)) return NONE;
  const faults: TextFault[] = [];
  for (const { rule, reason, pattern } of CHECKS) {
    const at = text.search(pattern);
    if (at !== -1) faults.push({ rule, reason, ...placeOf(text, at, at + 1) });
  }
  const run = encodings === 0 ? null : mojibakeRun(text, encodings);
  if (run !== null) {
    const reason = `the text looks like UTF-8 that was read as ${run.encoding}`;
    faults.push({ rule: 'text-mojibake', reason, ...placeOf(text, run.start, run.end) });
  }
  const composed = text.normalize('NFC');
  if (composed !== text) {
    const reason = 'the text is not in Unicode normal form C';
    faults.push({ rule: 'text-not-nfc', reason, ...notComposed(text, composed) });
  }
  return faults;
}

const NONE: readonly TextFault[] = [];

/** The first character, marks included, that normal form C writes differently. */
function notComposed(text: string, composed: string): Pick<TextFault, 'start' | 'end'> {
  let at = 0;
  while (text.charCodeAt(at) === composed.charCodeAt(at)) at += 1;
  if (isLowSurrogate(text.charCodeAt(at))) at -= 1;
  const behind = at + ((text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1);
  // The difference may be at a mark: the character begins before it.
  const head = /(?:\P{M}\p{M}*|\p{M}+)$/u.exec(text.slice(Math.max(0, behind - 64), behind));
  const start = behind - (head?.[0].length ?? 1);
  const whole = /^[^]\p{M}*/u.exec(text.slice(start, start + 1024));
  return placeOf(text, start, start + (whole?.[0].length ?? 1));
}

function isLowSurrogate(unit: number): boolean {
  return unit >= 0xdc00 && unit <= 0xdfff;
}

/** UTF-16 offsets as code points. */
function placeOf(text: string, start: number, end: number): Pick<TextFault, 'start' | 'end'> {
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
