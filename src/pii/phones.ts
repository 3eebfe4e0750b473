/**
 * Telephone numbers in texts, by the numbering plans of all countries: international ones, national
 * ones of given regions in the groups of their plan, and after a word or in a column for them those
 * that are merely possible.
 */

import { isPhone } from '../record/phone.ts';
import { hasEanCheckDigit } from '../record/namedFormat.ts';
import { phoneLibrary } from './libraries.ts';
import type { PiiContext, PiiMatch } from './piiClass.ts';
import { digitsOf, isInUuid, matchesOf } from './surroundings.ts';

/** The regions of numbers without a country code, if a policy names none. */
export const DEFAULT_REGIONS: readonly string[] = ['CH', 'DE', 'AT', 'LI'];

/** Digits in groups, at most two separators apart; neither parts of words nor of other numbers. */
const CANDIDATE =
  /(?<![\p{L}\p{N}+]|\d[.,/:-]|\d[ \u00a0]\(?)(?:\+ ?)?\(?\d(?:[ \u00a0./()-]{0,3}\d){5,16}(?![\p{L}\p{N}]|[.,/:-]\d)/gu;
/** A word for a telephone, at most a few words before its number. */
const PHONE_NAMED =
  /(?<![\p{L}\p{N}])(?:tel|telefon|telefono|telephone|téléphone|fon|phone|mobile?|mobil(?:telefon|funk|nummer|nr)?|handy(?:nummer|nr)?|natel|cell(?:phone)?|(?:tele)?fax|telefon(?:nummer|nr|isch)|erreichbar|anrufen|whatsapp|gsm|portable|cellulare|cep)(?![\p{L}\p{N}])[^\n\d]{0,24}$/iu;
const DATE =
  /^(?:(?:0?[1-9]|[12]\d|3[01])[./-](?:0?[1-9]|1[0-2])[./-](?:\d\d|\d{4})|\d{4}[./-](?:0?[1-9]|1[0-2])[./-]\d{1,2})(?!\d)/;

/** Whether a word for a telephone is before `start`. */
export function isAfterPhoneWord(text: string, start: number): boolean {
  return start > 0 && PHONE_NAMED.test(text.slice(Math.max(0, start - 48), start));
}

export function* phones(text: string, context: PiiContext): Generator<PiiMatch> {
  for (const { index: start, 0: match } of matchesOf(CANDIDATE, text)) {
    const tier = tierOf(text, start, match, context);
    const end = start + match.length;
    if (tier === null || isInUuid(text, start, end)) continue;
    yield { of: 'PHONE', tier, start, end };
  }
  yield* spelled(text);
}

function tierOf(
  text: string,
  start: number,
  match: string,
  { expected, regions = DEFAULT_REGIONS }: PiiContext,
): PiiMatch['tier'] | null {
  const digits = digitsOf(match);
  if (digits.length > 16 || isUnbalanced(match)) return null;
  const tier = /^(?:\+|00)/.test(match) ? international(match) : national(match, digits, regions);
  if (tier !== null) return tier;
  const inColumn = expected?.includes('PHONE') === true && match.trim() === text.trim();
  if (!inColumn && !isAfterPhoneWord(text, start)) return null;
  return isPossible(match, digits, regions) ? 'context' : null;
}

function isUnbalanced(match: string): boolean {
  if (!/[()]/.test(match)) return false;
  return match.split('(').length !== match.split(')').length;
}

/** Countries whose numbers after `00` need no separators; elsewhere such digits are identifiers. */
const NEAR = /^00(?:4[1349]|423|3[39])/;

function international(match: string): PiiMatch['tier'] | null {
  const plus = match.startsWith('+');
  const separated = /[ \u00a0./()-]/.test(match);
  if (!plus && !separated && (!NEAR.test(match) || isArticle(match))) return null;
  const parsed = parse(plus ? match : match.replace(/^00[ ./-]?/, '+'), undefined);
  if (parsed?.isValid() === true) return 'checked';
  return (plus || NEAR.test(match)) && isPhone(match) ? 'context' : null;
}

/** Whether thirteen digits are an article number (EAN-13), which may begin with `0041` or `0664` as well. */
function isArticle(match: string): boolean {
  return /^\d{13}$/.test(match) && hasEanCheckDigit(match);
}

/** Ten digits in the groups of North America: no other plan writes an area code in this way. */
const AMERICAN = /^(?:1[ .-])?(?:\(\d{3}\) ?|\d{3}[.-])\d{3}[.-]\d{4}$/;
/** Pairs, as French numbers are written everywhere. */
const IN_PAIRS = /^0[1-9](?:([ .\u00a0-])\d\d)(?:\1\d\d){3}$/;

function national(
  match: string,
  digits: string,
  regions: readonly string[],
): PiiMatch['tier'] | null {
  if (DATE.test(match)) return null;
  if (!digits.startsWith('0')) {
    if (!AMERICAN.test(match)) return null;
    return isValidIn(
      match,
      regions.filter((region) => hasNoTrunk(region)),
    )
      ? 'checked'
      : null;
  }
  for (const region of regions) {
    const parsed = parse(match, region);
    if (parsed?.isValid() !== true) continue;
    if (region === 'CH' && digits.length === 10) return 'checked';
    // Postal codes have eight digits: `05487-020`.
    const long = digits.length >= (/[/)]/.test(match) ? 8 : 9);
    if (long && isGroupedAs(match, parsed.formatNational())) return 'checked';
    const plain = !/\D/.test(match) && !isArticle(match);
    if (plain && parsed.getType() === 'MOBILE') return 'checked';
  }
  return IN_PAIRS.test(match) && isValidIn(match, ['FR']) ? 'context' : null;
}

function hasNoTrunk(region: string): boolean {
  const { isSupportedCountry, getCountryCallingCode } = phoneLibrary();
  return isSupportedCountry(region) && getCountryCallingCode(region) === '1';
}

/** Whether the area code is separated from the rest, as the plan has it: `030 1234567`, `089/1234`. */
function isGroupedAs(match: string, formatted: string): boolean {
  const [area = ''] = /^\d+/.exec(formatted.replaceAll(/[()]/g, '')) ?? [];
  const groups = match.replace(/^(0)[ -]?\(?(?=[1-9]\d{2}\D)/, '$1');
  return groups !== area && (/^\(?(\d+)\D/.exec(groups) ?? [])[1] === area;
}

function isPossible(match: string, digits: string, regions: readonly string[]): boolean {
  if (DATE.test(match) || digits.length < 7 || digits.length > 15) return false;
  if (match.startsWith('+') || digits.startsWith('00')) return isPhone(match);
  // Four groups of a number in pairs look like an address of the internet protocol.
  if (/^\d\d(?:[ .]\d\d){3,4}$/.test(match)) return true;
  return regions.some((region) => parse(match, region)?.isPossible() === true);
}

function isValidIn(match: string, regions: readonly string[]): boolean {
  return regions.some((region) => parse(match, region)?.isValid() === true);
}

type Parsed = ReturnType<ReturnType<typeof phoneLibrary>['parsePhoneNumberFromString']>;

function parse(text: string, region: string | undefined): Parsed {
  const { isSupportedCountry, parsePhoneNumberFromString } = phoneLibrary();
  const known = region !== undefined && isSupportedCountry(region) ? region : undefined;
  return parsePhoneNumberFromString(text, known);
}

const DIGIT_WORDS: readonly string[] = 'null eins zwei drei vier fünf sechs sieben acht neun'.split(
  ' ',
);
const SPELLED = new RegExp(
  `(?<![\\p{L}\\p{N}])null(?: (?:${DIGIT_WORDS.join('|')}|zwo)){8,12}(?![\\p{L}\\p{N}])`,
  'giu',
);

/** Numbers written as words. Only their count and the first word are fixed. */
function* spelled(text: string): Generator<PiiMatch> {
  for (const { index: start, 0: match } of matchesOf(SPELLED, text)) {
    yield { of: 'PHONE', tier: 'context', start, end: start + match.length };
  }
}
