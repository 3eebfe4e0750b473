/**
 * Single-byte encodings as which UTF-8 is often misread: the characters of their bytes 0x80 to
 * 0xFF, and the detection of text that may have been misread as one of them.
 */

export interface Encoding {
  /** Common name, for messages. */
  readonly name: string;
  /** UTF-16 unit → byte, for characters beyond ASCII. */
  readonly bytes: ReadonlyMap<number, number>;
  /** Characters of the bytes that begin two, three and four bytes of UTF-8. */
  readonly leads: readonly string[];
  /** Characters of the bytes that continue a character of UTF-8. */
  readonly trail: string;
}

/** Upper halves of encodings that the runtime does not know. */
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

/** Last lead byte before Hebrew and Arabic, which are hardly ever misread as these encodings. */
const TO_CYRILLIC = 0xd4;

/** Encodings, most frequent first: of several that fit, the first is reported. */
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
 * Makes an encoding from the characters of its upper half. Unassigned bytes are C1 controls, as in
 * ISO 8859-1. `last` is the last byte that begins two bytes of UTF-8.
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

/** Returns a regular expression for one character of UTF-8 that was misread as the encoding. */
export function sequenceOf({ leads, trail }: Encoding): string {
  const sequences = leads.map((lead, at) => classOf(lead) + classOf(trail).repeat(at + 1));
  return `(?:${sequences.join('|')})`;
}

function classOf(characters: string): string {
  const codes = Array.from(characters, (one) => one.charCodeAt(0).toString(16).padStart(4, '0'));
  return `[${codes.map((code) => `\\u${code}`).join('')}]`;
}

/** UTF-16 unit → a bit for each encoding in which it continues a character of UTF-8. */
const TRAILS: Uint16Array = bitsOf(({ trail }) => trail);
/** UTF-16 unit → a bit for each encoding in which it begins two, three or four bytes. */
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

/** Returns a bit for each encoding as which the text may have been misread; 0 for most texts. */
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
