/**
 * Encodings of one byte a character that UTF-8 is often read as by mistake: what their bytes 0x80
 * to 0xFF mean, and what of a text could be UTF-8 that was read as one of them.
 */

export interface Encoding {
  /** As people call it. */
  readonly name: string;
  /** UTF-16 unit → byte, of those beyond ASCII. */
  readonly bytes: ReadonlyMap<number, number>;
  /** What begins a character of two, three, four bytes of UTF-8, and what continues it. */
  readonly leads: readonly string[];
  readonly trail: string;
}

/** The upper halves of those that the runtime does not know. */
const DOS: Readonly<Record<string, string>> = {
  'code page 850':
    'ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜø£Ø×ƒáíóúñÑªº¿®¬½¼¡«»░▒▓│┤ÁÂÀ©╣║╗╝¢¥┐' +
    '└┴┬├─┼ãÃ╚╔╩╦╠═╬¤ðÐÊËÈıÍÎÏ┘┌█▄¦Ì▀ÓßÔÒõÕµþÞÚÛÙýÝ¯´\u00ad±‗¾¶§÷¸°¨·¹³²■\u00a0',
  'code page 437':
    'ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐' +
    '└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u00a0',
  'code page 852':
    'ÇüéâäůćçłëŐőîŹÄĆÉĹĺôöĽľŚśÖÜŤťŁ×čáíóúĄąŽžĘę¬źČş«»░▒▓│┤ÁÂĚŞ╣║╗╝Żż┐' +
    '└┴┬├─┼Ăă╚╔╩╦╠═╬¤đĐĎËďŇÍÎě┘┌█▄ŢŮ▀ÓßÔŃńňŠšŔÚŕŰýÝţ´\u00ad˝˛ˇ˘§÷¸°¨˙űŘř■\u00a0',
};

/** Hebrew, Arabic and what follows were hardly read as these. */
const TO_CYRILLIC = 0xd4;

/** The most frequent first: where several fit, it is the one that is told. */
export const ENCODINGS: readonly Encoding[] = [
  encoding('windows-1252', decoded('windows-1252')),
  encoding('Mac OS Roman', decoded('macintosh')),
  encoding('windows-1250', decoded('windows-1250')),
  encoding('windows-1251', decoded('windows-1251')),
  ...Object.entries(DOS).map(([name, upper]) => encoding(name, upper, TO_CYRILLIC)),
  encoding('KOI8-R', decoded('koi8-r'), TO_CYRILLIC),
  encoding('ISO 8859-2', decoded('iso-8859-2')),
  encoding('ISO 8859-15', decoded('iso-8859-15')),
];

function decoded(label: string): string {
  return new TextDecoder(label).decode(Uint8Array.from({ length: 128 }, (_, at) => 0x80 + at));
}

/**
 * C1 controls stand for their bytes where an encoding has none of its own, as in ISO 8859-1. `last`:
 * the last byte that begins two of a letter.
 */
function encoding(name: string, upper: string, last = 0xdf): Encoding {
  const bytes = new Map(Array.from({ length: 32 }, (_, at) => [0x80 + at, 0x80 + at] as const));
  for (const [at, character] of Array.from(upper).entries())
    bytes.set(character.charCodeAt(0), 0x80 + at);
  const between = (from: number, to: number): string => {
    const characters = [...bytes].filter(([, byte]) => byte >= from && byte <= to);
    return String.fromCharCode(...characters.map(([unit]) => unit));
  };
  const leads = [between(0xc2, last), between(0xe0, 0xef), between(0xf0, 0xf4)];
  return { name, bytes, leads, trail: between(0x80, 0xbf) };
}

/** A regular expression of one character of UTF-8 that was read as the encoding. */
export function sequenceOf({ leads, trail }: Encoding): string {
  const sequences = leads.map((lead, at) => classOf(lead) + classOf(trail).repeat(at + 1));
  return `(?:${sequences.join('|')})`;
}

function classOf(characters: string): string {
  const codes = Array.from(characters, (one) => one.charCodeAt(0).toString(16).padStart(4, '0'));
  return `[${codes.map((code) => `\\u${code}`).join('')}]`;
}

/** For each UTF-16 unit the encodings, a bit each, in which it continues a character of UTF-8. */
const TRAILS: Uint16Array = bitsOf(({ trail }) => trail);
/** The encodings in which it begins one of two, three, four bytes. */
const LEADS: readonly Uint16Array[] = [0, 1, 2].map((at) => bitsOf(({ leads }) => leads[at] ?? ''));

function bitsOf(charactersOf: (encoding: Encoding) => string): Uint16Array {
  const bits = new Uint16Array(0x1_0000);
  for (const [bit, encoding] of ENCODINGS.entries()) {
    for (const character of charactersOf(encoding)) {
      const code = character.charCodeAt(0);
      bits[code] = (bits[code] ?? 0) | (1 << bit);
    }
  }
  return bits;
}

/** A bit for each encoding as which the text may have been read: most texts have none. */
export function encodingsIn(text: string): number {
  let found = 0;
  const last = text.length - 1;
  for (let at = 0; at < last; at += 1) {
    const unit = text.charCodeAt(at);
    if (unit < 0x80) continue;
    const second = TRAILS[text.charCodeAt(at + 1)] ?? 0;
    if (second === 0) continue;
    found |= (LEADS[0]?.[unit] ?? 0) & second;
    const three = second & (TRAILS[text.charCodeAt(at + 2)] ?? 0);
    if (three === 0) continue;
    found |= (LEADS[1]?.[unit] ?? 0) & three;
    found |= (LEADS[2]?.[unit] ?? 0) & three & (TRAILS[text.charCodeAt(at + 3)] ?? 0);
  }
  return found;
}
