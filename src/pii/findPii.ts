/**
 * Personal data in texts: what can be told by its form and check digit. Made to be right where it
 * speaks; names and addresses are beyond it. Linear in the length of the text.
 */

import { isAhv, isIban } from '../record/format.ts';
import { isPhone } from '../record/phone.ts';
import { isCardNumber } from './cardNumber.ts';

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

/** All matches, by their place; none overlaps another. */
export function findPii(text: string): PiiMatch[] {
  if (!WORTH_A_LOOK.test(text)) return [];
  const found: PiiMatch[] = [];
  // What is more certain comes first: digits of an IBAN are no telephone number.
  for (const find of [emails, ibans, ahvs, cards, phones]) {
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

const IBAN = /(?<![\p{L}\p{N}])[A-Za-z]{2}\d{2}(?:[ .\u00a0-]?[A-Za-z0-9]){11,30}/gu;

function* ibans(text: string): Generator<PiiMatch> {
  for (const { index, 0: match } of text.matchAll(IBAN)) {
    // Words that follow may look like more of it: the longest part that is one counts.
    for (let end = match.length; end >= 15; end -= 1) {
      if (/^[\p{L}\p{N}]/u.test(text.slice(index + end, index + end + 2))) continue;
      const plain = match.slice(0, end).replaceAll(/[^A-Za-z0-9]/g, '');
      if (!/[A-Za-z0-9]/.test(match.charAt(end - 1)) || !isIban(plain)) continue;
      if (digitsOf(plain).length >= 10) yield { of: 'IBAN', start: index, end: index + end };
      break;
    }
  }
}

const AHV =
  /(?<![\p{L}\p{N}])756[ .\u00a0-]?\d{4}[ .\u00a0-]?\d{4}[ .\u00a0-]?\d{2}(?![\p{L}\p{N}])/gu;
const CARD = /(?<![\p{L}\p{N}]|\d[.,-])\d(?:[ \u00a0-]?\d){12,18}(?![\p{L}\p{N}]|[.,-]\d)/gu;

const ahvs = (text: string): Generator<PiiMatch> =>
  numbers(text, 'AHV', AHV, (match) => isAhv(digitsOf(match)));
const cards = (text: string): Generator<PiiMatch> =>
  numbers(text, 'CREDIT_CARD', CARD, (match) => isCardNumber(digitsOf(match)));

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
  yield* numbers(text, 'PHONE', INTERNATIONAL, isPhone);
  yield* numbers(text, 'PHONE', SWISS, () => true);
  yield* numbers(text, 'PHONE', GERMAN, (match) => digitsOf(match).length >= 8);
}
