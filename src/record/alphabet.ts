/**
 * Alphabets: the letters beyond ASCII that occur together in one language. They distinguish words
 * of European languages from accidental sequences of letters.
 */

/** Lower-case letters by language, with those of frequent loanwords; capitals are derived. */
const LATIN: readonly string[] = [
  'äöüßẞéèêëàáâçñôîïûóø', // German
  'àâæçéèêëîïôœùûüÿñäö', // French
  'ąćęłńóśźżü', // Polish
  'áčďéěíňóřšťúůýžöü', // Czech
  'áäčďéíĺľňóôŕšťúýžö', // Slovak
  'áéíóöőúüűä', // Hungarian
  'ăâîșț',
  'ăâîşţ', // Romanian, older spelling
  'čćđšžéöü', // Croatian, Slovene
  'çëé', // Albanian
  'çğıiöşüâîûéə', // Turkish, Azerbaijani
  'ąčęėįšųūž', // Lithuanian
  'āčēģīķļņōŗšūž', // Latvian
  'äõöüšž', // Estonian, Finnish
  'åäöéüà', // Swedish
  'æøåéèêóòôäöü', // Danish, Norwegian
  'áðéíóúýþæöø', // Icelandic, Faroese
  'áâãàçéêíóôõúüñè', // Portuguese
  'áéíñóúüçàèïòê', // Spanish, Catalan
  'àèéìíîòóùúç', // Italian
  'âêîôûŵŷáéëïöẃẁẅỳ', // Welsh
  'ċġħżàèìòù', // Maltese
  'ĉĝĥĵŝŭ', // Esperanto
  'áčđŋšŧž', // Sami
  'éëïöüèêäóá', // Dutch
  'àáâãèéêìíòóôõùúýăđĩũơưạảấầẩẫậắằẳẵặẹẻẽếềểễệỉịọỏốồổỗộớờởỡợụủứừửữựỳỵỷỹ', // Vietnamese
  'āáǎàēéěèīíǐìōóǒòūúǔùüǖǘǚǜ', // Pinyin
];
const CYRILLIC: readonly string[] = [
  'абвгдеёжзийклмнопрстуфхцчшщъыьэюя', // Russian, Bulgarian
  'абвгґдеєжзиіїйклмнопрстуфхцчшщьюя', // Ukrainian
  'абвгдеёжзійклмнопрстуўфхцчшыьэюя', // Belarusian
  'абвгдђежзијклљмнњопрстћуфхцчџш', // Serbian
  'абвгдѓежзѕијклљмнњопрстќуфхцчџшѐѝ', // Macedonian
];
const GREEK: readonly string[] = ['αβγδεζηθικλμνξοπρσςτυφχψωάέήίόύώϊϋΐΰ'];

/** Letter → a bit for each alphabet of its script that contains it. */
const ALPHABETS: ReadonlyMap<string, number> = bitsOf([LATIN, CYRILLIC, GREEK]);

function bitsOf(scripts: readonly (readonly string[])[]): Map<string, number> {
  const bits = new Map<string, number>();
  for (const alphabets of scripts) {
    for (const [bit, letters] of alphabets.entries()) {
      for (const small of letters) {
        for (const letter of new Set([small, small.toUpperCase(), small === 'i' ? 'İ' : small])) {
          bits.set(letter, (bits.get(letter) ?? 0) | (1 << bit));
        }
      }
    }
  }
  return bits;
}

/** Whether the letter beyond ASCII belongs to one of these alphabets. */
export function isKnownLetter(letter: string): boolean {
  return ALPHABETS.has(letter);
}

/** Whether one alphabet contains both letters. */
export function shareAlphabet(a: string, b: string): boolean {
  return ((ALPHABETS.get(a) ?? 0) & (ALPHABETS.get(b) ?? 0)) !== 0;
}

export type Script = 'latin' | 'cyrillic' | 'greek' | 'other';

const SCRIPTS: readonly (readonly [Script, RegExp])[] = [
  ['latin', /\p{Script=Latin}/u],
  ['cyrillic', /\p{Script=Cyrillic}/u],
  ['greek', /\p{Script=Greek}/u],
];

export function scriptOf(letter: string): Script {
  return SCRIPTS.find(([, pattern]) => pattern.test(letter))?.[0] ?? 'other';
}
