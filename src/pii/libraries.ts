/**
 * The packages that know telephone and national numbers, loaded when the first candidate needs them:
 * the plans of all countries take a tenth of a second.
 */

import { createRequire } from 'node:module';

/** Kept by each thread. */
let phones: typeof import('libphonenumber-js/max') | null = null;
const checks = new Map<NationalNumber, Check>();

const load = createRequire(import.meta.url);

export function phoneLibrary(): typeof import('libphonenumber-js/max') {
  phones ??= load('libphonenumber-js/max') as typeof import('libphonenumber-js/max');
  return phones;
}

type Check = (text: string) => boolean;
type Module = typeof import('stdnum/lib/cjs/de/idnr.js');

/** Where the package has the check of each kind. */
const PATHS = {
  germanTax: 'de/idnr',
  germanPension: 'de/svnr',
  germanPassport: 'de/passport',
  austrianTax: 'at/tin',
  austrianSocial: 'at/vnr',
  frenchTax: 'fr/nif',
  frenchSocial: 'fr/nir',
  italianPerson: 'it/codicefiscale',
} as const;

export type NationalNumber = keyof typeof PATHS;

/** Whether a text is a national number of this kind, by its structure and check digits. */
export function isNationalNumber(kind: NationalNumber, text: string): boolean {
  let check = checks.get(kind);
  if (check === undefined) {
    const { validate } = load(`stdnum/lib/cjs/${PATHS[kind]}.js`) as Module;
    check = (number) => validate(number).isValid;
    checks.set(kind, check);
  }
  return check(text);
}
