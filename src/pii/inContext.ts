/**
 * Data that only a word before it or its column tells from other numbers: tax and social security
 * numbers, dates of birth, passports, plates, addresses. Words are whole words.
 */

import { CONTEXT_WORD } from './contextWords.ts';
import { isNationalNumber, type NationalNumber } from './libraries.ts';
import type { PiiClass, PiiContext, PiiMatch } from './piiClass.ts';
import { isInUrl, isInUuid, matchesOf } from './surroundings.ts';

/** A form of data, and what confirms it. */
interface Shape {
  readonly of: PiiClass;
  readonly pattern: RegExp;
  readonly isOne: (match: string) => boolean;
}
type Row = readonly [of: PiiClass, source: string, isOne?: (match: string) => boolean];

function compiled(rows: readonly Row[]): readonly Shape[] {
  return rows.map(([of, source, isOne = () => true]) => {
    const whole = `(?<![\\p{L}\\p{N}]|\\d[.,/-])(?:${source})(?![\\p{L}\\p{N}]|[.,/-]\\d)`;
    return { of, pattern: new RegExp(whole, 'gu'), isOne };
  });
}

function is(kind: NationalNumber): (match: string) => boolean {
  return (match) => isNationalNumber(kind, match);
}

const FISCAL_CODE =
  '(?:[A-Z]{6}|[a-z]{6})[\\dLMNP-V]{2}[A-Ta-t][\\dLMNP-V]{2}[A-Za-z][\\dLMNP-V]{3}[A-Za-z]';
const FRENCH_GROUPS = '[12] \\d\\d [01]\\d (?:\\d\\d|2[AB]) \\d{3} \\d{3} \\d\\d';

/** Forms that need no word: their grammar and check digit are those of nothing else. */
const ALONE = compiled([
  ['TAX_ID', FISCAL_CODE, is('italianPerson')],
  ['SOCIAL_ID', '\\d{8}[A-Z]\\d{3}', is('germanPension')],
  ['SOCIAL_ID', FRENCH_GROUPS, is('frenchSocial')],
]);

const CANTON = 'A[GIR]|B[ELS]|F[LR]|G[ELR]|JU|LU|N[EW]|OW|S[GHOZ]|T[GI]|UR|V[DS]|Z[GH]';
const MONTHS =
  'Januar|Jänner|Februar|März|April|Mai|Juni|Juli|August|September|Oktober|November|Dezember';
const STREET = "\\p{Lu}[\\p{L}.'’ -]{2,40} \\d{1,4} ?[a-z]?";
const TOWN = '(?:[A-Z]{1,2}-)?\\d{4,5} \\p{Lu}[\\p{L}.-]{1,30}(?: [\\p{Lu}(][\\p{L}.)-]{0,20})?';

const NAMED = compiled([
  ['TAX_ID', '\\d{2} ?\\d{3} ?\\d{3} ?\\d{3}', is('germanTax')],
  ['TAX_ID', '\\d{2,3}/\\d{3,4}/\\d{4,5}|\\d{13}'],
  ['TAX_ID', '\\d{2}-?\\d{3}/?\\d{4}', is('austrianTax')],
  ['TAX_ID', '[0-3]\\d(?: ?\\d{2})(?: ?\\d{3}){3}', is('frenchTax')],
  ['SOCIAL_ID', '\\d{4} ?\\d{6}', is('austrianSocial')],
  ['SOCIAL_ID', '[12]\\d{4}(?:\\d\\d|2[AB])\\d{8}', is('frenchSocial')],
  ['SOCIAL_ID', '[A-Z]\\d{9}', isHealthNumber],
  ['DOB', '\\d{1,2}[./-] ?\\d{1,2}[./-] ?(?:(?:19|20)\\d\\d|\\d\\d)', isDate],
  ['DOB', '(?:19|20)\\d\\d-\\d\\d-\\d\\d', isDate],
  ['DOB', `\\d{1,2}\\. ?(?:${MONTHS}) (?:19|20)\\d\\d`],
  ['PASSPORT', '[A-Z]{1,2} ?\\d{6,7}'],
  ['PASSPORT', '[CFGHJKLMNPRTV-Z\\d]{9}', isGermanPassport],
  ['PLATE', `(?:${CANTON})[ ·•-]?\\d{1,6}`],
  ['PLATE', '[A-ZÄÖÜ]{1,3}[ -][A-ZÄÖÜ]{1,2}[ -]?\\d{1,4}[EH]?|[A-Z]{2}-?\\d{3}-?[A-Z]{2}'],
  ['PLATE', '[A-Z]{1,2}[ -]\\d{1,5} ?[A-Z]{1,3}'],
  ['ADDRESS', `${STREET}, ?${TOWN}`],
]);

/** Characters between a word and its data. */
const REACH = 32;
const LONGEST = 96;

/** Finds national numbers that need no word. */
export function* nationalNumbers(text: string): Generator<PiiMatch> {
  for (const form of ALONE) {
    for (const { index: start, 0: match } of matchesOf(form.pattern, text)) {
      const end = start + match.length;
      if (!form.isOne(match) || isInUrl(text, start) || isInUuid(text, start, end)) continue;
      yield { of: form.of, tier: 'checked', start, end };
    }
  }
}

/** Finds data that a word before it announces. */
export function* inContext(text: string): Generator<PiiMatch> {
  for (const { index, 0: word, groups } of matchesOf(CONTEXT_WORD, text)) {
    const of = Object.keys(groups ?? {}).find((name) => groups?.[name] !== undefined);
    yield* near(text, index + word.length, of);
  }
}

function* near(text: string, from: number, of: string | undefined): Generator<PiiMatch> {
  const window = text.slice(from, from + REACH + LONGEST);
  for (const form of NAMED) {
    if (form.of !== of) continue;
    for (const { index, 0: match } of matchesOf(form.pattern, window)) {
      if (index > REACH || window.slice(0, index).includes('\n')) break;
      if (!form.isOne(match)) continue;
      yield { of: form.of, tier: 'context', start: from + index, end: from + index + match.length };
    }
  }
}

/** Finds data that fill a cell of their column. */
export function* inColumn(text: string, { expected = [] }: PiiContext): Generator<PiiMatch> {
  if (text.length >= 2 * LONGEST) return;
  const value = text.trim();
  const start = text.indexOf(value);
  for (const form of NAMED) {
    if (!expected.includes(form.of)) continue;
    // A comma is between street and town.
    if (form.of === 'ADDRESS' && !value.includes(',')) continue;
    const [match] = matchesOf(form.pattern, value);
    if (match?.[0] !== value || !form.isOne(value)) continue;
    yield { of: form.of, tier: 'context', start, end: start + value.length };
    return;
  }
}

function isDate(text: string): boolean {
  const [first = 0, month = 0, last = 0] = text.split(/\D+/).map(Number);
  const day = first > 31 ? last : first;
  return day >= 1 && day <= 31 && month >= 1 && month <= 12;
}

/** Whether the last digit of a German health insurance number is its check digit. */
function isHealthNumber(text: string): boolean {
  const letter = String(text.charCodeAt(0) - 0x40).padStart(2, '0');
  const sum = Array.from(letter + text.slice(1, -1)).reduce((all, digit, at) => {
    const product = Number(digit) * (1 + (at % 2));
    return all + (product > 9 ? product - 9 : product);
  }, 0);
  return sum % 10 === Number(text.at(-1));
}

function isGermanPassport(text: string): boolean {
  return /\d.*\d.*\d/.test(text) && isNationalNumber('germanPassport', text);
}
