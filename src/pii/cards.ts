/** Payment cards and Swiss social security numbers in texts: digits in groups, with a check digit. */

import { isAhv } from '../record/namedFormat.ts';
import { isCardNumber, isUnmistakable } from './cardNumber.ts';
import type { PiiContext, PiiMatch } from './piiClass.ts';
import { checkedMatches, digitsOf, isInUrl, matchesOf } from './surroundings.ts';

const AHV =
  /(?<![\p{L}\p{N}])756[ .\u00a0-]?\d{4}[ .\u00a0-]?\d{4}[ .\u00a0-]?\d{2}(?![\p{L}\p{N}])/gu;
const CARD = /(?<![\p{L}\p{N}]|\d[.,-])\d(?:[ \u00a0-]?\d){12,18}(?![\p{L}\p{N}]|[.,-]\d)/gu;
/** Digits in the groups of a card: 4-4-4-4 with optional 3 more, 4-6-4, 4-6-5, 4-3-3-3. */
const CARD_IN_GROUPS =
  /(?<![\p{L}\p{N}]|[A-Z]{2}\d\d[ \u00a0-])\d{4}([ \u00a0-])(?:\d{4}\1\d{4}\1\d{4}(?:\1\d{3}(?!\d))?|\d{6}\1\d{4,5}|\d{3}\1\d{3}\1\d{3})(?![\p{L}\p{N}]|[.,-]\d|[ \u00a0]\d{4}(?!(?:[ \u00a0-]?\d{4}){3}))/gu;
/** Groups of digits right before a number, of which it is the end; other cards are no such groups. */
const DIGITS_BEFORE = /\d[ \u00a0.,-]$/;
const CARD_BEFORE = /(?<!\d)\d{4}(?:[ \u00a0-]?\d{4}){3}[ \u00a0,]$/;
/** A word for a card, up to 24 characters before the number. */
const CARD_NAMED =
  /(?<!\p{L})(?:(?:credit|debit|kredit|bank|ec|firmen)?[ -]?(?:cards?|karten?)|(?:kredit|bank)?karten-?n(?:umme)?r|carte|tarjeta|carta|visa|mastercard|maestro|amex|american express|diners|discover|unionpay|jcb|pan)(?!\p{L})[^\n]{0,24}$/iu;

export function* ahvs(text: string): Generator<PiiMatch> {
  for (const match of checkedMatches(text, 'AHV', AHV, (number) => isAhv(digitsOf(number)))) {
    if (!isInUrl(text, match.start)) yield match;
  }
}

/**
 * Finds card numbers in groups, those that are unmistakable, and those after a word for a card. A
 * column of cards needs no check digit: anonymised numbers have none.
 */
export function* cards(text: string, { expected }: PiiContext): Generator<PiiMatch> {
  for (const { index: start, 0: match } of matchesOf(CARD_IN_GROUPS, text)) {
    // Three digits after it may be its security code.
    const card = [match, match.slice(0, 19)].find(isCard);
    if (card === undefined || isInUrl(text, start)) continue;
    const before = text.slice(Math.max(0, start - 24), start);
    if (DIGITS_BEFORE.test(before) && !CARD_BEFORE.test(before)) continue;
    yield { of: 'CREDIT_CARD', tier: 'checked', start, end: start + card.length };
  }
  for (const match of checkedMatches(text, 'CREDIT_CARD', CARD, isCard)) {
    const { start, end } = match;
    if (isInUrl(text, start)) continue;
    const number = text.slice(start, end);
    if (isUnmistakable(number, number === text)) yield match;
    else if (CARD_NAMED.test(text.slice(Math.max(0, start - 48), start))) yield match;
  }
  const whole = text.trim();
  if (expected?.includes('CREDIT_CARD') === true && /^\d(?:[ -]?\d){13,15}$/.test(whole)) {
    const start = text.indexOf(whole);
    yield { of: 'CREDIT_CARD', tier: 'context', start, end: start + whole.length };
  }
}

function isCard(match: string): boolean {
  return isCardNumber(digitsOf(match));
}
