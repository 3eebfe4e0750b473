/**
 * International bank account numbers (ISO 13616): country, length, structure and check digits, by
 * SWIFT's registry as in the package ibantools.
 */

import { countrySpecs, validateIBAN, ValidationErrorsIBAN } from 'ibantools';

/** Countries in newer releases of the registry, which the package does not mark yet. */
const REGISTERED_SINCE: ReadonlySet<string> = new Set(['BI', 'DJ', 'FK', 'HN']);

const LENGTHS: ReadonlyMap<string, number> = new Map(
  Object.entries(countrySpecs).flatMap(([country, { chars, IBANRegistry: registered = false }]) => {
    const known = registered || REGISTERED_SINCE.has(country);
    return known && chars !== undefined ? [[country, chars] as const] : [];
  }),
);

/** Returns the length of a country's numbers, by its code in capitals. */
export function ibanLength(country: string): number | undefined {
  return LENGTHS.get(country);
}

/**
 * Whether a text is an IBAN in electronic form: capitals and digits, no spaces. National check
 * digits beyond ISO 13616 are not checked.
 */
export function isElectronicIban(text: string): boolean {
  if (LENGTHS.get(text.slice(0, 2)) !== text.length) return false;
  const { errorCodes } = validateIBAN(text);
  return errorCodes.every((code) => code === ValidationErrorsIBAN.WrongAccountBankBranchChecksum);
}

/** Whether a text is an IBAN in capitals, with or without single spaces between characters. */
export function isIban(text: string): boolean {
  return /^[A-Z0-9](?: ?[A-Z0-9])+$/.test(text) && isElectronicIban(text.replaceAll(' ', ''));
}
