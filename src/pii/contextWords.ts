/**
 * Words that announce personal data, in the languages of legacy systems, and a quick test for them:
 * texts without their first words need no pattern.
 */

import type { PiiClass } from './piiClass.ts';

/** Phrases for each class. `-Nr.` and the like may follow each. */
const PHRASES: Readonly<Partial<Record<PiiClass, string>>> = {
  TAX_ID:
    'steuer|steuerid|steuer-id|steueridentifikation|idnr|identifikation|st.|st|abgabenkonto|numéro fiscal|nif|codice fiscale|tin|tax|tax id',
  SOCIAL_ID:
    'sozialversicherung|sv|rv|rvnr|svnr|rentenversicherung|versicherung|versicherten|krankenversicherten|kvnr|egk|sécurité sociale|numéro de sécu|nir|social security',
  DOB: 'geb|geboren|geburtsdatum|geburtstag|born|birthday|birthdate|birth date|date of birth|dob|né|née|date de naissance|nato|nata|data di nascita',
  PASSPORT:
    "pass|reisepass|passport|passeport|passaporto|ausweis|personalausweis|identitätskarte|id-karte|id card|identity card|carte d'identité",
  PLATE:
    'kontrollschild|kennzeichen|autokennzeichen|nummernschild|auto|kfz|parkkarte|fahrzeug|wagen|plate|license plate|licence plate|number plate|plaque|immatriculation|targa',
  ADDRESS: 'adresse|wohnadresse|anschrift|wohnhaft|wohnt|address|domicile|indirizzo',
};
const NUMBER = ['nr', 'nummer', 'no', 'number', 'num', 'numéro'];

/** A phrase, in the group of its class. */
export const CONTEXT_WORD: RegExp = new RegExp(
  `(?<![\\p{L}\\p{N}])(?:${Object.entries(PHRASES)
    .map(
      ([of, phrases]) =>
        `(?<${of}>(?:${phrases.replaceAll('.', '\\.')})(?:s?[ -]?(?:${NUMBER.join('|')}))?)`,
    )
    .join('|')})(?![\\p{L}\\p{N}])`,
  'giu',
);

const FIRST_WORDS: ReadonlySet<string> = new Set(
  Object.values(PHRASES)
    .flatMap((phrases) => phrases.split('|'))
    .map((phrase) => /^\p{L}+/u.exec(phrase)?.[0] ?? '')
    .flatMap((word) => ['', ...NUMBER, ...NUMBER.map((end) => `s${end}`)].map((end) => word + end))
    .flatMap((word) => [word, Buffer.from(word).toString('latin1').toLowerCase()]),
);
const LONGEST_WORD = Math.max(...[...FIRST_WORDS].map((word) => word.length));

/** Whether a text has the first word of a phrase. */
export function mayHaveContext(text: string): boolean {
  let start = -1;
  for (let at = 0; at <= text.length; at += 1) {
    const code = at < text.length ? text.charCodeAt(at) : 0;
    const isLetter =
      ((code | 32) >= 0x61 && (code | 32) <= 0x7a) || (code >= 0xc0 && code < 0x2000);
    if (isLetter) {
      if (start < 0) start = at;
    } else if (start >= 0) {
      if (isFirstWord(text, start, at)) return true;
      start = -1;
    }
  }
  return false;
}

/** The same for JSON whose UTF-8 bytes are one character each. */
export function mayHaveContextBytes(json: string): boolean {
  let start = -1;
  for (let at = 0; at <= json.length; at += 1) {
    const code = at < json.length ? json.charCodeAt(at) : 0;
    const isAscii = (code | 32) >= 0x61 && (code | 32) <= 0x7a;
    // Two bytes that begin with 0xc3 to 0xdf are a letter, three and more are a sign.
    const isTwo = code >= 0xc3 && code <= 0xdf;
    if (isAscii || isTwo) {
      if (start < 0) start = at;
      if (isTwo) at += 1;
      continue;
    }
    if (start >= 0 && isFirstWord(json, start, at)) return true;
    start = -1;
    if (code === 0x5c || code === 0xc2) at += 1;
    else if (code >= 0xe0) at += code >= 0xf0 ? 3 : 2;
  }
  return false;
}

function isFirstWord(text: string, start: number, end: number): boolean {
  const length = end - start;
  if (length < 2 || length > LONGEST_WORD) return false;
  return FIRST_WORDS.has(text.slice(start, end).toLowerCase());
}
