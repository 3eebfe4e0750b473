/** Addresses of the internet protocol, versions 4 and 6, with or without the length of a prefix. */

import { isAfterPhoneWord } from './phones.ts';
import type { PiiContext, PiiMatch } from './piiClass.ts';
import { matchesOf } from './surroundings.ts';

const BYTE = '(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)';
const V4 = new RegExp(
  `(?<![\\p{L}\\p{N}:]|[\\p{L}\\p{N}][._-])${BYTE}(?:\\.${BYTE}){3}(?:/(?:3[0-2]|[12]?\\d)(?!\\d))?(?![\\p{L}\\p{N}]|[.-]\\d)`,
  'gu',
);
/** Groups and colons, as long as an address may be; a zone such as `%eth0` belongs to it. */
const V6 =
  /(?<![\p{L}\p{N}:.])[\dA-Fa-f:]{2,39}(?:(?<=:\d{1,3})(?:\.\d{1,3}){3})?(?:%\w{1,16})?(?![\p{L}\p{N}:]|\.\d)(?:\/(?:12[0-8]|1[01]\d|\d?\d)(?!\d))?/gu;
/** A version or a paragraph has such numbers as well. */
const VERSION = /(?<!\p{L})(?:v|vers|version|release|build|firmware|kapitel|§)[ .:]{0,3}$/iu;
const IP_NAMED = /(?<!\p{L})(?:ip(?:v6)?|src|dst|host|bind|listen)(?!\p{L})[^\p{L}\n]{0,8}$/iu;

/** Finds addresses; four groups of digits are none in a column of telephone numbers or after a word for one. */
export function* ipAddresses(text: string, { expected = [] }: PiiContext): Generator<PiiMatch> {
  if (!expected.includes('PHONE') || expected.includes('IP')) {
    for (const { index: start, 0: match } of matchesOf(V4, text)) {
      if (VERSION.test(text.slice(Math.max(0, start - 16), start))) continue;
      if (isAfterPhoneWord(text, start)) continue;
      yield { of: 'IP', tier: 'checked', start, end: start + match.length };
    }
  }
  if (!text.includes(':')) return;
  for (const { index: start, 0: match } of matchesOf(V6, text)) {
    if (!isV6(match.replace(/[%/].*$/, ''))) continue;
    // Two colons separate words as well: `A::B`.
    const named = IP_NAMED.test(text.slice(Math.max(0, start - 16), start));
    if (!/\d/.test(match) && !named && (match !== '::' || text !== match)) continue;
    yield { of: 'IP', tier: 'checked', start, end: start + match.length };
  }
}

/** Whether a text is an address of version 6: eight groups, of which `::` replaces some. */
function isV6(text: string): boolean {
  const [head = '', v4] = text.includes('.') ? splitV4(text) : [text, null];
  if (v4 === undefined) return false;
  const halves = head.split('::');
  if (halves.length > 2) return false;
  const groups = halves.flatMap((half) => (half === '' ? [] : half.split(':')));
  if (!groups.every((group) => /^[\dA-Fa-f]{1,4}$/.test(group))) return false;
  // Eight pairs are the name of a device (EUI-64).
  if (groups.length === 8 && groups.every((group) => group.length === 2)) return false;
  const count = groups.length + (v4 === null ? 0 : 2);
  return halves.length === 2 ? count < 8 : count === 8;
}

/** Splits `::ffff:10.0.0.1` into its groups and the address of version 4 at its end. */
function splitV4(text: string): [string, string | undefined] {
  const at = text.lastIndexOf(':');
  const v4 = text.slice(at + 1);
  const valid = v4.split('.').every((byte) => Number(byte) <= 255);
  const head = text.slice(0, text[at - 1] === ':' ? at + 1 : at);
  return [head, valid ? v4 : undefined];
}
