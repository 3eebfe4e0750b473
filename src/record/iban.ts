/**
 * International bank account numbers (ISO 13616): countries of SWIFT's registry with the length and
 * structure of their numbers, as the package ibantools knows them, and the check digits.
 */

import { countrySpecs, validateIBAN, ValidationErrorsIBAN } from 'ibantools';

/** In the registry since releases that the package does not yet mark: Burundi, Djibouti, … */
const REGISTERED_SINCE: ReadonlySet<string> = new Set(['BI', 'DJ', 'FK', 'HN']);

const LENGTHS: ReadonlyMap<string, number> = new Map(
  Object.entries(countrySpecs).flatMap(([country, { chars, IBANRegistry: registered = false }]) => {
    const known = registered || REGISTERED_SINCE.has(country);
    return known && chars !== undefined ? [[country, chars] as const] : [];
  }),
);

/** How many characters the numbers of a country have, by its code in capitals. */
export function ibanLength(country: string): number | undefined {
  return LENGTHS.get(country);
}

/**
 * Whether it is one in its electronic form: capitals and digits, no blanks. What banks of a country
 * check beside ISO 13616 is left to them.
 */
export function isElectronicIban(text: string): boolean {
  if (LENGTHS.get(text.slice(0, 2)) !== text.length) return false;
  const { errorCodes } = validateIBAN(text);
  return errorCodes.every((code) => code === ValidationErrorsIBAN.WrongAccountBankBranchChecksum);
}

/** One in capitals, as it is printed: with single blanks between its characters, or without. */
export function isIban(text: string): boolean {
  return /^[A-Z0-9](?: ?[A-Z0-9])+$/.test(text) && isElectronicIban(text.replaceAll(' ', ''));
}
