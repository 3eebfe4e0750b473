/**
 * Personal data in texts, recognised by form and check digit. Precision comes before recall; names
 * and addresses are out of scope. Linear in the length of the text.
 */

import { hasEanCheckDigit, isAhv } from '../record/namedFormat.ts';
import { ibanLength, isElectronicIban } from '../record/iban.ts';
import { isPhone } from '../record/phone.ts';
import { isCardNumber, isUnmistakable } from './cardNumber.ts';

export type PiiClass = 'EMAIL' | 'PHONE' | 'IBAN' | 'AHV' | 'CREDIT_CARD';

export interface PiiMatch {
  readonly of: PiiClass;
  /** Range in UTF-16 code units: [start, end). */
  readonly start: number;
  readonly end: number;
}

/** Prefilter: matches every text with personal data, and few others. */
const SUSPECT = /@|\d[\d .,\-/()\u00a0]{4,40}?\d/;

/** The prefilter for JSON whose UTF-8 bytes are one character each; it matches slightly more. */
const SUSPECT_BYTES = /@|\d[\d .,\-/()\xc2\xa0]{4,80}?\d/;

/** Whether JSON may contain personal data; each character is one byte of its UTF-8. */
export function mayHoldPii(json: string): boolean {
  return SUSPECT_BYTES.test(json);
}

const ALL: readonly ((text: string) => Generator<PiiMatch>)[] = [
  emails,
  ibans,
  ahvs,
  cards,
  phones,
];
/** Minimum length of card and social security numbers; IBANs are longer. */
const MIN_CARD_LENGTH = 13;

/** Finds all matches, in order of position; they do not overlap. */
export function findPii(text: string): PiiMatch[] {
  if (!SUSPECT.test(text)) return [];
  const found: PiiMatch[] = [];
  // The more certain form wins: digits of an IBAN are no telephone number.
  for (const find of text.length < MIN_CARD_LENGTH ? [emails, phones] : ALL) {
    for (const match of find(text)) {
      if (found.every(({ start, end }) => match.end <= start || match.start >= end)) {
        found.push(match);
      }
    }
  }
  return found.sort((a, b) => a.start - b.start);
}

const LOCAL = /[\p{L}\p{N}._%+-]+$/u;
const DOMAIN =
  /^(?:[\p{L}\p{N}](?:[\p{L}\p{N}-]{0,61}[\p{L}\p{N}])?\.)+\p{L}{2,24}(?![\p{L}\p{N}])/u;

function* emails(text: string): Generator<PiiMatch> {
  for (let at = text.indexOf('@'); at !== -1; at = text.indexOf('@', at + 1)) {
    const [local] = LOCAL.exec(text.slice(Math.max(0, at - 64), at)) ?? [];
    const [domain] = DOMAIN.exec(text.slice(at + 1, at + 255)) ?? [];
    const name = local?.replace(/^[._%+-]+/, '') ?? '';
    if (domain === undefined || name === '') continue;
    yield { of: 'EMAIL', start: at - name.length, end: at + 1 + domain.length };
  }
}

/** Country code and check digits, possibly with separators. */
const IBAN_START = /(?<![\p{L}\p{N}])(?:[A-Z]{2}|[a-z]{2})[ .\u00a0-]?\d[ .\u00a0-]?\d/gu;
const IBAN_NAMED = /(?<!\p{L})iban(?!\p{L})[^\p{L}]{0,8}$/iu;

function* ibans(text: string): Generator<PiiMatch> {
  for (const { index: start, 0: first } of text.matchAll(IBAN_START)) {
    const country = first.slice(0, 2);
    const length = ibanLength(country.toUpperCase());
    const end = length === undefined ? null : endOfGroups(text, start, length);
    if (end === null || !grouped(text.slice(start, end))) continue;
    const plain = text.slice(start, end).replaceAll(/[^A-Za-z0-9]/g, '');
    // IBANs are printed in capitals: small letters and digits are more often an identifier.
    const small = plain !== plain.toUpperCase();
    if (small && !IBAN_NAMED.test(text.slice(Math.max(0, start - 16), start))) continue;
    if (digitsOf(plain).length >= 10 && isElectronicIban(plain.toUpperCase())) {
      yield { of: 'IBAN', start, end };
    }
  }
}

/** Returns the offset after `length` letters and digits, singly separated, if they end a word. */
function endOfGroups(text: string, start: number, length: number): number | null {
  let [at, rest] = [start, length];
  for (let separated = true; rest > 0; at += 1) {
    const character = text.charAt(at);
    const counts = /[A-Za-z0-9]/.test(character);
    if (!counts && (separated || !/[ .\u00a0-]/.test(character))) return null;
    separated = !counts;
    if (counts) rest -= 1;
  }
  return /^[\p{L}\p{N}]/u.test(text.slice(at, at + 2)) ? null : at;
}

/** Whether separators are spaces anywhere, or points or hyphens between groups of equal length. */
function grouped(text: string): boolean {
  const [first] = /[.-]/.exec(text) ?? [];
  if (first === undefined) return true;
  if (/[^A-Za-z0-9.-]/.test(text) || text.includes(first === '.' ? '-' : '.')) return false;
  const sizes = text.split(first).map((group) => group.length);
  const [last = 0, inner = sizes[1] ?? 0] = [sizes.at(-1), sizes[1]];
  return last <= inner && sizes.slice(1, -1).every((size) => size === inner);
}

const AHV =
  /(?<![\p{L}\p{N}])756[ .\u00a0-]?\d{4}[ .\u00a0-]?\d{4}[ .\u00a0-]?\d{2}(?![\p{L}\p{N}])/gu;
const CARD = /(?<![\p{L}\p{N}]|\d[.,-])\d(?:[ \u00a0-]?\d){12,18}(?![\p{L}\p{N}]|[.,-]\d)/gu;
/** Digits in the groups of a card: 4-4-4-4 with optional 3 more, 4-6-4, 4-6-5, 4-3-3-3. */
const CARD_IN_GROUPS =
  /(?<![\p{L}\p{N}]|\d[ \u00a0.,-]|[A-Z]{2}\d\d[ \u00a0-])\d{4}([ \u00a0-])(?:\d{4}\1\d{4}\1\d{4}(?:\1\d{3}(?!\d))?|\d{6}\1\d{4,5}|\d{3}\1\d{3}\1\d{3})(?![\p{L}\p{N}]|[.,-]\d|[ \u00a0]\d{4})/gu;
/** A word for a card, up to 24 characters before the number. */
const CARD_NAMED =
  /(?<!\p{L})(?:(?:credit|debit|kredit|bank|ec|firmen)?[ -]?(?:cards?|karten?)|(?:kredit|bank)?karten-?n(?:umme)?r|carte|tarjeta|carta|visa|mastercard|maestro|amex|american express|diners|discover|unionpay|jcb|pan)(?!\p{L})[^\n]{0,24}$/iu;

function* ahvs(text: string): Generator<PiiMatch> {
  for (const match of numbers(text, 'AHV', AHV, (number) => isAhv(digitsOf(number)))) {
    if (!isInUrl(text, match.start)) yield match;
  }
}

function* cards(text: string): Generator<PiiMatch> {
  for (const { index: start, 0: match } of text.matchAll(CARD_IN_GROUPS)) {
    // Three digits after it may be its security code.
    const card = [match, match.slice(0, 19)].find(isCard);
    if (card === undefined || isInUrl(text, start)) continue;
    yield { of: 'CREDIT_CARD', start, end: start + card.length };
  }
  for (const match of numbers(text, 'CREDIT_CARD', CARD, isCard)) {
    const { start, end } = match;
    if (isInUrl(text, start)) continue;
    const unmistakable = isUnmistakable(text.slice(start, end));
    if (unmistakable || CARD_NAMED.test(text.slice(Math.max(0, start - 48), start))) yield match;
  }
}

function isCard(match: string): boolean {
  return isCardNumber(digitsOf(match));
}

/** Whether `at` is inside a URL: numbers in its path are identifiers. */
function isInUrl(text: string, at: number): boolean {
  const before = text.slice(Math.max(0, at - 2048), at);
  return /(?:[a-z][a-z0-9+.-]*:\/\/|(?<![\p{L}\p{N}])www\.)[^\s<>"]*$/iu.test(before);
}

function* numbers(
  text: string,
  of: PiiClass,
  pattern: RegExp,
  isOne: (match: string) => boolean,
): Generator<PiiMatch> {
  for (const { index, 0: match } of text.matchAll(pattern)) {
    if (isOne(match)) yield { of, start: index, end: index + match.length };
  }
}

function digitsOf(text: string): string {
  return text.replaceAll(/\D/g, '');
}

/** Number with a country code; `(0)` is not dialled from abroad. */
const INTERNATIONAL =
  /(?<![\p{L}\p{N}+])(?:\+[1-9]|00(?=4[1349]|423|3[39]))(?:[ ./\u00a0-]?\(0\)|[ ./\u00a0-]{0,2}\d){7,14}(?![\p{L}\p{N}])/gu;
/** Swiss area code, then 3, 2 and 2 digits, with or without separators. */
const SWISS =
  /(?<![\p{L}\p{N}]|\d[.,/-])0(?:2[12467]|3[1-4]|4[134]|5[12568]|6[12]|7[14-9]|81|91)(?:[ ./\u00a0-]{0,3}\d{3})[ .\u00a0-]?\d{2}[ .\u00a0-]?\d{2}(?![\p{L}\p{N}]|[.,/-]\d)/gu;
/** Area code, slash, number, as written in Germany and Austria. */
const GERMAN = /(?<![\p{L}\p{N}]|\d[.,/-])0[1-9]\d{1,4} ?\/ ?\d{4,8}(?![\p{L}\p{N}]|[.,/-]\d)/gu;

function* phones(text: string): Generator<PiiMatch> {
  for (const match of numbers(text, 'PHONE', INTERNATIONAL, isInternational)) {
    if (!isInUuid(text, match.start, match.end)) yield match;
  }
  yield* numbers(text, 'PHONE', SWISS, () => true);
  yield* numbers(text, 'PHONE', GERMAN, (match) => digitsOf(match).length >= 8);
}

function isInternational(match: string): boolean {
  return isPhone(match) && !isArticle(match);
}

/** Whether thirteen digits are an article number (EAN-13), which may begin with `0041` as well. */
function isArticle(match: string): boolean {
  return /^\d{13}$/.test(match) && hasEanCheckDigit(match);
}

const UUID = /(?<![0-9a-z])[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}(?![0-9a-z])/gi;

function isInUuid(text: string, start: number, end: number): boolean {
  const from = Math.max(0, start - 36);
  return [...text.slice(from, end + 36).matchAll(UUID)].some(
    ({ index, 0: uuid }) => from + index < end && from + index + uuid.length > start,
  );
}
