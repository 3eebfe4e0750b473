/**
 * Personal data in texts: what can be told by its form and check digit. Made to be right where it
 * speaks; names and addresses are beyond it. Linear in the length of the text.
 */

import { hasEanCheckDigit, isAhv } from '../record/namedFormat.ts';
import { ibanLength, isElectronicIban } from '../record/iban.ts';
import { isPhone } from '../record/phone.ts';
import { isCardNumber, isUnmistakable } from './cardNumber.ts';

export type PiiClass = 'EMAIL' | 'PHONE' | 'IBAN' | 'AHV' | 'CREDIT_CARD';

export interface PiiMatch {
  readonly of: PiiClass;
  /** In UTF-16 code units: [start, end). */
  readonly start: number;
  readonly end: number;
}

/** Whether there can be anything at all: most texts end here. */
const WORTH_A_LOOK = /@|\d[\d .,\-/()\u00a0]{4,40}?\d/;

/** The same of JSON in UTF-8, each byte as one character: it lets more pass, and nothing less. */
const WORTH_A_LOOK_IN_BYTES = /@|\d[\d .,\-/()\xc2\xa0]{4,80}?\d/;

/** Whether there can be personal data in JSON, given each byte of its UTF-8 as one character. */
export function mayHoldPii(json: string): boolean {
  return WORTH_A_LOOK_IN_BYTES.test(json);
}

const ALL: readonly ((text: string) => Generator<PiiMatch>)[] = [
  emails,
  ibans,
  ahvs,
  cards,
  phones,
];
/** Numbers of cards and social security have as many digits; IBANs are longer. */
const SHORTEST_OF_CARDS = 13;

/** All matches, by their place; none overlaps another. */
export function findPii(text: string): PiiMatch[] {
  if (!WORTH_A_LOOK.test(text)) return [];
  const found: PiiMatch[] = [];
  // What is more certain comes first: digits of an IBAN are no telephone number.
  for (const find of text.length < SHORTEST_OF_CARDS ? [emails, phones] : ALL) {
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

/** A country's code and what may be its check digits, in whatever groups. */
const IBAN_START = /(?<![\p{L}\p{N}])(?:[A-Z]{2}|[a-z]{2})[ .\u00a0-]?\d[ .\u00a0-]?\d/gu;
const IBAN_NAMED = /(?<!\p{L})iban(?!\p{L})[^\p{L}]{0,8}$/iu;

function* ibans(text: string): Generator<PiiMatch> {
  for (const { index: start, 0: first } of text.matchAll(IBAN_START)) {
    const country = first.slice(0, 2);
    const length = ibanLength(country.toUpperCase());
    const end = length === undefined ? null : endOfGroups(text, start, length);
    if (end === null || !grouped(text.slice(start, end))) continue;
    const plain = text.slice(start, end).replaceAll(/[^A-Za-z0-9]/g, '');
    // It is printed in capitals: small letters and digits are more often an identifier.
    const small = plain !== plain.toUpperCase();
    if (small && !IBAN_NAMED.test(text.slice(Math.max(0, start - 16), start))) continue;
    if (digitsOf(plain).length >= 10 && isElectronicIban(plain.toUpperCase())) {
      yield { of: 'IBAN', start, end };
    }
  }
}

/** Behind so many letters and digits with single separators between, where they end a word. */
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

/** Blanks stand anywhere; points and hyphens, alone, in groups as long as each other. */
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
/** In the groups of a card: 4-4-4-4 and perhaps 3 more, 4-6-4, 4-6-5, 4-3-3-3. */
const CARD_IN_GROUPS =
  /(?<![\p{L}\p{N}]|\d[ \u00a0.,-]|[A-Z]{2}\d\d[ \u00a0-])\d{4}([ \u00a0-])(?:\d{4}\1\d{4}\1\d{4}(?:\1\d{3}(?!\d))?|\d{6}\1\d{4,5}|\d{3}\1\d{3}\1\d{3})(?![\p{L}\p{N}]|[.,-]\d|[ \u00a0]\d{4})/gu;
/** What a card is called, within a few words before its number. */
const CARD_NAMED =
  /(?<!\p{L})(?:(?:credit|debit|kredit|bank|ec|firmen)?[ -]?(?:cards?|karten?)|(?:kredit|bank)?karten-?n(?:umme)?r|carte|tarjeta|carta|visa|mastercard|maestro|amex|american express|diners|discover|unionpay|jcb|pan)(?!\p{L})[^\n]{0,24}$/iu;

function* ahvs(text: string): Generator<PiiMatch> {
  for (const match of numbers(text, 'AHV', AHV, (number) => isAhv(digitsOf(number)))) {
    if (!isInUrl(text, match.start)) yield match;
  }
}

function* cards(text: string): Generator<PiiMatch> {
  for (const { index: start, 0: match } of text.matchAll(CARD_IN_GROUPS)) {
    // Three digits behind it may be its security code.
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

/** Whether the word that holds this place is a URL: numbers in its path are identifiers. */
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

/** With the country's code; a number in brackets is left out when one calls from abroad. */
const INTERNATIONAL =
  /(?<![\p{L}\p{N}+])(?:\+[1-9]|00(?=4[1349]|423|3[39]))(?:[ ./\u00a0-]?\(0\)|[ ./\u00a0-]{0,2}\d){7,14}(?![\p{L}\p{N}])/gu;
/** Swiss area codes, then 3, 2 and 2 digits, with the same blanks or none. */
const SWISS =
  /(?<![\p{L}\p{N}]|\d[.,/-])0(?:2[12467]|3[1-4]|4[134]|5[12568]|6[12]|7[14-9]|81|91)(?:[ ./\u00a0-]{0,3}\d{3})[ .\u00a0-]?\d{2}[ .\u00a0-]?\d{2}(?![\p{L}\p{N}]|[.,/-]\d)/gu;
/** Area code, stroke, number, as Germans and Austrians write it. */
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

/** Thirteen digits whose check digit is right number an article (EAN-13): `0041…` may be either. */
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
