/**
 * What a text needs for personal data of any kind, found in one pass over its characters. Most texts
 * have none of it, and no pattern is tried on them.
 */

/** Signs, each a bit. */
export const SIGN = {
  /** Seven digits, with nothing but spaces and signs of numbers between them. */
  digits: 1,
  /** Thirteen of them. */
  longDigits: 2,
  /** Four of them with three points. */
  points: 4,
  at: 8,
  /** Two colons side by side, or four. */
  colons: 16,
  /** Twelve letters, digits and hyphens in one word. */
  mixed: 32,
  /** An opening bracket with an `a` or `ä`. */
  bracket: 64,
  /** Five hyphens. */
  hyphens: 128,
  /** The word for zero and another after it. */
  zero: 256,
  /** A colon or equals sign, letters and a digit: the name of a secret may be before it. */
  assigned: 512,
  letter: 1024,
  digit: 2048,
} as const;

/** Signs that make a search worthwhile. */
const WORTH = 1023;

/** Dates, times and UUIDs: the most frequent values with many digits. */
const PLAIN =
  /^"?(?:\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d[\d:.]{0,13}(?:Z|[+-]\d\d:?\d\d)?)?|[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12})"?$/i;
const MAX_PLAIN = 40;

/** Whether a text, or a text as JSON, is only a date, a time or a UUID. */
export function isPlain(text: string): boolean {
  return text.length <= MAX_PLAIN && PLAIN.test(text);
}

/** Whether the signs of a text show that it may contain personal data without a word for it. */
export function isSuspect(signs: number): boolean {
  if ((signs & WORTH) === 0) return false;
  return (signs & WORTH) !== SIGN.assigned || (signs & SIGN.digit) !== 0;
}

/** What is counted while the characters pass by. */
interface Run {
  digits: number;
  points: number;
  word: number;
  colons: number;
  hyphens: number;
  /** Bits: the word has a digit (1), a letter (2). */
  kinds: number;
}

/** Returns the signs of a text. Bytes of UTF-8 as one character each have at least the same signs. */
export function signsOf(text: string): number {
  let signs = 0;
  const run: Run = { digits: 0, points: 0, word: 0, colons: 0, hyphens: 0, kinds: 0 };
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code >= 0x30 && code <= 0x39) {
      run.digits += 1;
      run.word += 1;
      run.kinds |= 1;
      signs |= SIGN.digit;
      if (run.digits >= 7) signs |= run.digits >= 13 ? SIGN.longDigits | SIGN.digits : SIGN.digits;
      if (run.points >= 3 && run.digits >= 4) signs |= SIGN.points;
      if (run.word >= 12 && run.kinds === 3) signs |= SIGN.mixed;
      run.hyphens = 0;
    } else if ((code | 32) >= 0x61 && (code | 32) <= 0x7a) {
      run.digits = run.points = run.hyphens = 0;
      run.word += 1;
      run.kinds |= 2;
      signs |= SIGN.letter;
      if (run.word >= 12 && run.kinds === 3) signs |= SIGN.mixed;
    } else {
      signs |= signOf(text, at, code, run);
    }
  }
  return signs;
}

/** Counts a character that is neither a digit nor a letter. */
function signOf(text: string, at: number, code: number, run: Run): number {
  const isHyphen = code === 0x2d;
  if (isHyphen || code === 0x5f) run.word += 1;
  else run.word = run.kinds = 0;
  run.hyphens = isHyphen ? run.hyphens + 1 : 0;
  if (code === 0x2e) run.points += 1;
  if (isHyphen && run.hyphens >= 5) return SIGN.hyphens;
  switch (code) {
    case 0x20:
      return isZero(text, at) ? SIGN.zero : 0;
    // . , - / ( ) and a space that does not break, one character or two bytes.
    case 0x28:
      return opensAt(text, at) ? SIGN.bracket : 0;
    case 0x2e:
    case 0x2c:
    case 0x2d:
    case 0x2f:
    case 0x29:
    case 0xa0:
    case 0xc2:
      return 0;
    case 0x40:
      return SIGN.at;
    case 0x3a:
      run.digits = run.points = 0;
      run.colons += 1;
      return run.colons >= 4 || text.charCodeAt(at + 1) === 0x3a
        ? SIGN.colons | SIGN.assigned
        : SIGN.assigned;
    case 0x3d:
      run.digits = run.points = 0;
      return SIGN.assigned;
    case 0x5b:
    case 0x7b:
      run.digits = run.points = 0;
      return opensAt(text, at) ? SIGN.bracket : 0;
    default:
      run.digits = run.points = 0;
      return code > 0x7f ? SIGN.letter : 0;
  }
}

/** Whether an `a` or `ä` follows a bracket, as in `[at]`. */
function opensAt(text: string, at: number): boolean {
  const next = text.charCodeAt(text.charCodeAt(at + 1) === 0x20 ? at + 2 : at + 1) | 32;
  return next === 0x61 || next === 0xe4 || next === 0xe3;
}

/** Whether the word before a space is `null`. */
function isZero(text: string, at: number): boolean {
  return (text.charCodeAt(at - 1) | 32) === 0x6c && text.slice(at - 4, at).toLowerCase() === 'null';
}
