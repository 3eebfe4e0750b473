/**
 * Which letters beyond ASCII are written together: those of one language's alphabet. Enough of
 * them to tell words of European languages from letters that came together by accident.
 */

/** Small letters by language; capitals follow. Letters of frequent foreign words are among them. */
const LATIN: readonly string[] = [
  'äöüßẞéèêëàáâçñôîïûóø', // German
  'àâæçéèêëîïôœùûüÿñäö', // French
  'ąćęłńóśźżü', // Polish
  'áčďéěíňóřšťúůýžöü', // Czech
  'áäčďéíĺľňóôŕšťúýžö', // Slovak
  'áéíóöőúüűä', // Hungarian
  'ăâîșț',
  'ăâîşţ', // Romanian, as it was written for long
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

/** Letter → a bit for each alphabet of its script that has it. */
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

/** Whether the letter beyond ASCII belongs to an alphabet that is known here. */
export function isKnownLetter(letter: string): boolean {
  return ALPHABETS.has(letter);
}

/** Whether one alphabet has both letters. */
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
