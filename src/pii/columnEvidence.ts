/**
 * What a column says about its values: words in its name, and the class that most of them have. It
 * decides where a value alone cannot: a tenth of any long numbers pass the check of card numbers.
 */

import type { PiiClass } from './piiClass.ts';

const NONE: ReadonlySet<string> = new Set();
/** Words in a column's name that reveal its content, in the languages of legacy systems. */
const WORDS: Readonly<Record<PiiClass, ReadonlySet<string>>> = {
  EMAIL: words('email mail'),
  PHONE: words('phone telephone telefon tel fax telefax mobile mobil handy natel cell'),
  IBAN: words('iban'),
  AHV: words('ahv avs'),
  CREDIT_CARD: words('card creditcard cardnumber kreditkarte kartennummer'),
  IP: words('ip ipaddress ipadresse'),
  TAX_ID: words('steuerid steuernummer steuernr taxid idnr codicefiscale'),
  SOCIAL_ID: words('svnr rvnr sozialversicherungsnummer socialsecurity nir kvnr'),
  // Animals are born as well.
  DOB: NONE,
  PASSPORT: words('passport passnr passnummer reisepass ausweisnr ausweisnummer'),
  PLATE: words('kontrollschild kennzeichen autokennzeichen licenseplate licenceplate'),
  ADDRESS: words('adresse address anschrift wohnadresse'),
  SECRET: words('password passwort kennwort passwd apikey'),
  PERSON: NONE,
};
const CLASSES = Object.keys(WORDS) as PiiClass[];

function words(list: string): ReadonlySet<string> {
  return new Set(list.split(' '));
}

const BIRTH = words(
  'geburtsdatum geburtstag birthdate birthday dateofbirth dob datenaissance datanascita',
);

/** Whether a column's name says that it holds days of birth: of people, or of animals. */
export function namesBirth(column: string): boolean {
  return wordsOf(column).some((word) => BIRTH.has(word));
}

/** Returns the classes that the words of a column's name suggest. */
export function classesNamed(column: string): PiiClass[] {
  const named = wordsOf(column);
  return CLASSES.filter((of) => named.some((word) => WORDS[of].has(word)));
}

/** Splits `HomePhone`, `home_phone` or `e-mail` into words. */
export function wordsOf(name: string): string[] {
  const parts = name
    .replaceAll(/(\p{Ll})(\p{Lu})/gu, '$1 $2')
    .toLowerCase()
    .split(/[^\p{L}]+/u);
  return [...parts, parts.join('')];
}

/** Number of values with data of each class. */
export type ClassCounts = Readonly<Partial<Record<PiiClass, number>>>;

/**
 * Returns the class that half of a column's values have, or that its name suggests and any value
 * confirms. Undefined if few values are personal data.
 */
export function columnClass(
  column: string,
  counts: ClassCounts,
  values: number,
): PiiClass | undefined {
  const named = classesNamed(column);
  return CLASSES.find((of) => {
    const share = (counts[of] ?? 0) / Math.max(1, values);
    return share >= 0.5 || (share > 0 && named.includes(of));
  });
}
