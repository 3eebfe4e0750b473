/**
 * The one spelling of a value of a class, so that spellings of the same thing have the same pseudonym,
 * hash and fingerprint. It never fails: a value that is not of its class is spelled as any other text.
 */

import { phoneLibrary } from '../pii/libraries.ts';
import { DEFAULT_REGIONS } from '../pii/phones.ts';

/** Classes whose separators and case mean nothing. */
const COMPACT: ReadonlySet<string> = new Set([
  'IBAN',
  'AHV',
  'CREDIT_CARD',
  'TAX_ID',
  'SOCIAL_ID',
  'PASSPORT',
  'PLATE',
]);

/**
 * Normalises a well-formed text. E-mail addresses: NFC, lower case, trimmed. Telephone numbers: E.164 if
 * they are valid, by their country code or else in the first region that has such numbers, or else their
 * digits. Numbers of accounts, cards, people and plates: letters and digits in capitals. Dates of birth:
 * unchanged. All others, and what has nothing left: NFC, lower case, trimmed, whitespace as one space.
 */
export function normalise(
  of: string,
  value: string,
  regions: readonly string[] = DEFAULT_REGIONS,
): string {
  if (of === 'EMAIL') return lower(value).trim();
  if (of === 'DOB') return value;
  const short = of === 'PHONE' ? phone(value, regions) : COMPACT.has(of) ? compact(value) : '';
  return short === '' ? lower(value).trim().replaceAll(/\s+/gu, ' ') : short;
}

/** NFC again: small letters may have a composed form where their capitals have none. */
function lower(value: string): string {
  return value.normalize('NFC').toLowerCase().normalize('NFC');
}

function compact(value: string): string {
  return value
    .normalize('NFC')
    .toUpperCase()
    .normalize('NFC')
    .replaceAll(/[^\p{L}\p{N}]/gu, '');
}

/** International prefix: a plus, or the two zeros that most countries dial for it. */
const PREFIX = /^(?:\+|00)/;

function phone(value: string, regions: readonly string[]): string {
  const text = value.trim();
  const international = PREFIX.test(text);
  const valid = international
    ? e164(text.replace(PREFIX, '+'), undefined)
    : firstOf(regions, (region) => e164(text, region));
  return valid ?? text.replaceAll(/[^0-9]/g, '');
}

function firstOf(
  regions: readonly string[],
  find: (region: string) => string | null,
): string | null {
  for (const region of regions) {
    const found = find(region);
    if (found !== null) return found;
  }
  return null;
}

/** The whole text as a number: none is taken out of a longer text, as others may be beside it. */
function e164(text: string, region: string | undefined): string | null {
  const { isSupportedCountry, parsePhoneNumberFromString } = phoneLibrary();
  if (region !== undefined && !isSupportedCountry(region)) return null;
  const defaultCountry = region === undefined ? {} : { defaultCountry: region };
  const parsed = parsePhoneNumberFromString(text, { ...defaultCountry, extract: false });
  return parsed?.isValid() === true ? parsed.number : null;
}
