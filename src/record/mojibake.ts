/**
 * UTF-8 that was read as windows-1252: `Ã¤` for ä, `â€™` for an apostrophe. A run of characters
 * beyond ASCII counts where its bytes in windows-1252 are valid UTF-8 as a whole, and what they
 * decode to is plausible. Right words are left alone: São, É, «CAFÉ», IRMÃ.
 */

/** The bytes 0x80 to 0x9F as windows-1252 reads them; 0 where it has no character. */
const HIGH = '€\0‚ƒ„…†‡ˆ‰Š‹Œ\0Ž\0\0‘’“”•–—˜™š›œ\0žŸ';

/** Character → byte, 0x80 to 0xFF; C1 controls stand for themselves, as in ISO 8859-1. */
const BYTES: ReadonlyMap<string, number> = new Map([
  ...Array.from({ length: 128 }, (_, index) => {
    return [String.fromCharCode(0x80 + index), 0x80 + index] as const;
  }),
  ...Array.from(HIGH).flatMap((character, index) =>
    character === '\0' ? [] : [[character, 0x80 + index] as const],
  ),
]);

const MARKS = HIGH.replaceAll('\0', '');

/** What a run begins with, as the source of a regular expression: two characters. */
export const RUN_START: string = `[\u00c2-\u00f4][\u0080-\u00bf${MARKS}]`;

const RUN = new RegExp(`[${MARKS}\u0080-\u00ff]{2,}`, 'g');
const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Where the first run stands, in UTF-16 units; null where there is none. */
export function mojibakeRun(text: string): { readonly start: number; readonly end: number } | null {
  for (const match of text.matchAll(RUN)) {
    const [run] = match;
    const end = match.index + run.length;
    if (isMojibake(run) && !endsWord(text, match.index, end)) return { start: match.index, end };
  }
  return null;
}

function isMojibake(run: string): boolean {
  const bytes = Uint8Array.from(run, (character) => BYTES.get(character) ?? 0);
  let decoded: string;
  try {
    decoded = UTF8.decode(bytes);
  } catch {
    return false;
  }
  const characters = Array.from(decoded);
  if (characters.some((character) => /[\x80-\x9f]/.test(character))) return false;
  // One character of another script may be a letter and a quotation mark: É» are the bytes of ɻ.
  return characters.length > 1 || PLAUSIBLE.test(decoded);
}

/** Latin letters and signs, punctuation and symbols, byte order mark, U+FFFD, emoji. */
const PLAUSIBLE =
  /^[\u00a0-\u017f\u0218-\u021b\u2000-\u2bff\ufb00-\ufb06\ufeff\ufffd\u{1f000}-\u{1faff}]$/u;

/**
 * Whether the run may be the last, capital letter of a word and a mark or blank behind it: two
 * characters, after a capital letter, with no letter following.
 */
function endsWord(text: string, start: number, end: number): boolean {
  const mark = /^[\u00a0«»‘’“”–—…‹›€™•]$/u.test(text.slice(start + 1, end));
  const capital = /\p{Lu}/u.test(text.slice(Math.max(0, start - 1), start));
  return mark && capital && !/^\p{L}/u.test(text.slice(end, end + 2));
}
