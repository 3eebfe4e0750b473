import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { isSuspectJson, textFaults } from '../../src/record/textFault.ts';

/** `rule start-end` of each fault. */
function faults(text: string): string[] {
  return textFaults(text).map(({ rule, start, end }) => `${rule} ${start}-${end}`);
}

/** UTF-8 read as windows-1252. */
function misread(text: string): string {
  return new TextDecoder('windows-1252').decode(new TextEncoder().encode(text));
}

describe('textFaults', () => {
  it.each<[string, string[]]>([
    ['a\0b', ['text-nul 1-2']],
    ['a\u0007\u0001', ['text-control 1-2']],
    ['a\u0085', ['text-control 1-2']],
    ['\x7f', ['text-control 0-1']],
    ['🐕\u200b', ['text-invisible 1-2']],
    ['a\u2028b', ['text-invisible 1-2']],
    ['a\u2029b', ['text-invisible 1-2']],
    ['\ufeffa', ['text-invisible 0-1']],
    ['a\u202ex', ['text-invisible 1-2']],
    ['a\u2066x', ['text-invisible 1-2']],
    ['Z\ufffdrich', ['text-replacement 1-2']],
    ['Ba\u0308r', ['text-not-nfc 1-3']],
    ['🐕 Ba\u0308r', ['text-not-nfc 3-5']],
    ['q\u0307\u0323', ['text-not-nfc 0-3']],
    ['\u212b', ['text-not-nfc 0-1']],
    ['x\u{1d15e}', ['text-not-nfc 1-2']],
    [
      '\0\u0007\u200b\ufffda\u0308',
      [
        'text-nul 0-1',
        'text-control 1-2',
        'text-invisible 2-3',
        'text-replacement 3-4',
        'text-not-nfc 4-6',
      ],
    ],
  ])('finds in %j: %j', (text, expected) => {
    expect(faults(text)).toEqual(expected);
  });

  it.each([
    '',
    'plain',
    'a\tb\r\nc',
    'Zürich, Ĝ, Čelik, ½ – „Zitat“ …',
    '👩‍👧 👨🏽‍🚀',
    'می‌خواهم', // a joiner that Persian needs
    'क्‍ष',
    '日本語 한국어',
    'Ελληνικά Русский',
  ])('finds nothing in %j', (text) => {
    expect(faults(text)).toEqual([]);
  });

  it.each([
    ['GÃ¤ssli 3', 1, 3],
    ['🐕 BÃ¼rgi-von Arx-BÃ¼rki', 3, 5],
    ['itâ€™s', 2, 5],
    ['12 â‚¬', 3, 6],
    ['20Â°', 2, 4],
    ['Ã–sterreich', 0, 2],
    ['GRÃ–SSE', 2, 4],
    ['MÃœLLER', 1, 3],
    ['voilÃ\u00a0', 4, 6],
    ['ðŸ˜€', 0, 4],
    ['ï¿½', 0, 3],
    ['ÃƒÂ¤', 0, 4],
    ['Ã\u0084rger', 0, 2], // read as ISO 8859-1
  ])('finds mojibake in %j at %i-%i', (text, start, end) => {
    expect(faults(text)).toContain(`text-mojibake ${start}-${end}`);
  });

  it.each([
    'ä',
    'ö',
    'ü',
    'ß',
    'é',
    'ñ',
    '–',
    '’',
    '“',
    '€',
    'ı',
    'ş',
    'ż',
    '日本',
    'Привет',
    '😀',
  ])('finds %j again after it was misread', (text) => {
    expect(faults(`x ${misread(text)} x`).join()).toContain('text-mojibake');
  });

  it.each([
    'São Paulo',
    'NÃO',
    'IRMÃ',
    'à',
    'Ã',
    'É',
    '«\u00a0Café\u00a0»',
    '«\u00a0LIBERTÉ\u00a0»',
    'LIBERTÉ\u00a0: ÉGALITÉ\u00a0!',
    '»CAFÉ«',
    '»PÅ«',
    '„HERTÄ“',
    'JÄ…',
    'IRMÃ\u00a0',
    '5 €–10 €',
    'naïve œuvre',
    'Ñ»',
    'Größe ±½°',
    'ÄÖÜäöüß',
  ])('leaves the right text %j alone', (text) => {
    expect(faults(text)).toEqual([]);
  });

  it('never misses a fault for its gate, and tells places inside the text', () => {
    const plain =
      // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
      /^[^\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200b\u2028-\u202e\u2066-\u2069\ufeff\ufffd]*$/;
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 20 }), (text) => {
        fc.pre(text.isWellFormed());
        const found = textFaults(text);
        const length = Array.from(text).length;
        for (const { start, end } of found) expect(start < end && end <= length).toBe(true);
        const rules = found.map(({ rule }) => rule as string);
        const wrong = rules.filter((rule) => !['text-mojibake', 'text-not-nfc'].includes(rule));
        expect(wrong.length > 0).toBe(!plain.test(text));
        expect(rules.includes('text-not-nfc')).toBe(text !== text.normalize('NFC'));
        if (found.length > 0) expect(isSuspectJson(JSON.stringify([text]))).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });

  it('knows every character that Unicode writes differently, alone or behind another', () => {
    let seen = 0;
    for (let code = 0xa0; code <= 0x10ffff; code += 1) {
      if (code >= 0xd800 && code <= 0xdfff) continue;
      const character = String.fromCodePoint(code);
      for (const text of [character, `a${character}`, `\u1100${character}`]) {
        if (text.normalize('NFC') === text) continue;
        seen += 1;
        const rules = textFaults(text).map(({ rule }) => rule);
        if (!rules.includes('text-not-nfc')) throw new Error(`U+${code.toString(16)} is not seen`);
      }
    }
    expect(seen).toBeGreaterThan(1000);
  });

  it('takes linear time', () => {
    for (const unit of ['Ã', 'Ã¤', '\u0308', 'a\u0308', 'É\u00a0', '\u1100']) {
      const text = unit.repeat(1_000_000);
      const start = process.hrtime.bigint();
      textFaults(text);
      expect(Number(process.hrtime.bigint() - start) / 1e6).toBeLessThan(5000);
    }
  });
});

it('isSuspectJson lets a record of printable ASCII pass, and nothing else', () => {
  expect(isSuspectJson('{"a":"b ~","n":1.5}')).toBe(false);
  for (const text of ['\0', '\u0007', '\b', '\f', '\x7f', 'ä', '\u200b']) {
    expect(isSuspectJson(JSON.stringify({ a: text })), JSON.stringify(text)).toBe(true);
  }
});
