/** Text that was read as another encoding, and right text that looks like it. */

import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

import { textFaults } from '../../src/record/textFault.ts';

interface Misread {
  readonly codec: string;
  readonly depth: string;
  readonly word: string;
  readonly text: string;
}

/** Made by Python's codecs: the code has tables of its own. */
const MISREAD: readonly Misread[] = readFileSync(new URL('misread.txt', import.meta.url), 'utf8')
  .split('\n')
  .filter((line) => line !== '')
  .map((line) => {
    const [codec = '', depth = '', word = '', text = ''] = line.split('\t');
    return { codec, depth, word, text };
  });

function mojibakeIn(text: string): readonly string[] {
  return textFaults(text).flatMap(({ rule, reason }) => (rule === 'text-mojibake' ? [reason] : []));
}

function encodingOf(text: string): string {
  return mojibakeIn(text)[0]?.replace(/^.* read as /, '') ?? '';
}

describe('a word that was read as another encoding', () => {
  const kinds = [...new Set(MISREAD.map(({ codec, depth }) => `${codec} ${depth}`))];

  it.each(kinds)('is found: %s', (kind) => {
    const all = MISREAD.filter(({ codec, depth }) => `${codec} ${depth}` === kind);
    const missed = (around: (text: string) => string): string[] =>
      all.filter(({ text }) => mojibakeIn(around(text)).length === 0).map(({ word }) => word);
    expect(all.length).toBeGreaterThan(15);
    expect(missed((text) => text)).toEqual([]);
    // Behind other text in which nothing is wrong, and inside a sentence.
    expect(missed((text) => `Hauptstrasse 3, ${text}, 6003 Luzern`)).toEqual([]);
    expect(missed((text) => `(${text}; "${text}")`)).toEqual([]);
  });

  it('is told with the encoding', () => {
    expect(['BÃ¼rgi', 'B√ºrgi', 'BĂĽrgi', 'BГјrgi', 'B├╝rgi', 'Bц╪rgi'].map(encodingOf)).toEqual([
      'windows-1252',
      'Mac OS Roman',
      'windows-1250',
      'windows-1251',
      'code page 850',
      'KOI8-R',
    ]);
  });

  it('is found beside right words of other encodings', () => {
    expect(mojibakeIn('Zürich, G√§ssli 3 – Größe')).toHaveLength(1);
    expect(mojibakeIn('Москва, B├╝rgi')).toHaveLength(1);
    expect(mojibakeIn('Żółw, stra├če')).toHaveLength(1);
  });
});

const RIGHT: Readonly<Record<string, string>> = {
  German: 'Größe März jä süß Äsche Öl über Café Entrée aß',
  French: 'où déjà Noël œuvre naïve à â ê été à-côté Île ç crée',
  Portuguese: 'ão pães irmã mãe avô à é São manhã maçã lã',
  Spanish: 'mañana niño año qué Ñ pingüino',
  Polish: 'żółć gęślą jaźń łąka ść są ją źle ó pięć',
  Czech: 'příští kůň žluť těžký měšťan dešť čí běží úžas',
  Slovak: 'päť stĺp kŕdeľ dĺžka mäkčeň vŕšť',
  Hungarian: 'ő űr főző őszülő árvíztűrő Győr',
  Romanian: 'ăsta câine câştig țară în și mâţă',
  Turkish: 'İstanbul ığdır çöğür şişe öğüt âşık',
  Swedish: 'å ångström Åland ö ÅÄÖ på små',
  Estonian: 'jää õlu öö süüa mäe šokk',
  Latvian: 'pū pārē ķēde šķūnis žņaugā',
  Lithuanian: 'ąžuolas šūkis įėjo mėnuo',
  Icelandic: 'ráðið þú ævi hús það',
  Vietnamese: 'Đường Nguyễn ế ở với',
  Greek: 'ώρα Ελλάδα ϊόν προϋπόθεση ή ύδωρ',
  Russian: 'ещё её подъезд в с у Россия моё ёж сё',
  Ukrainian: 'їжак рік сік ґава єдність її',
  Serbian: 'сјај њива џеп рјав ћуп',
};

/** What typesetters put beside a word. */
const SET: readonly ((word: string) => string)[] = [
  (word) => word,
  (word) => `„${word}“ „${word}” “${word}” ‚${word}‘ ‘${word}’`,
  (word) => `«${word}» »${word}« ‹${word}›`,
  (word) => `«\u00a0${word}\u00a0» «\u00a0${word}\u00a0!\u00a0»`,
  (word) => `${word}… …${word}`,
  (word) => `${word} – ${word} — ${word}\u00a0– ${word}`,
  (word) => `${word}\u00a0: ${word}\u00a0? (${word}\u00a0; ${word}…)`,
  (word) => `l’${word} ${word}’s ${word}’`,
  (word) => (word.length > 1 ? `${word}® ${word}™ ${word}² ${word}\u00a0©` : `${word}\u00a0©`),
  (word) => `12\u00a0${word} ${word}\u00a0°C • ${word} · ${word}`,
  (word) => `»${word}…« („${word}…“) «${word}»… «${word}» – “${word}”—`,
  (word) => `${word}–12, ${word}/${word}-${word}`,
];

describe('right text', () => {
  it.each(Object.entries(RIGHT))('in %s is left alone', (_, words) => {
    const alarms: string[] = [];
    let texts = 0;
    for (const word of words.split(' ')) {
      const title = word.charAt(0).toUpperCase() + word.slice(1);
      for (const form of [word, title, word.toUpperCase()]) {
        for (const set of SET) {
          texts += 1;
          if (mojibakeIn(set(form)).length > 0) alarms.push(set(form));
        }
      }
    }
    expect(alarms).toEqual([]);
    expect(texts).toBeGreaterThanOrEqual(140);
  });

  it.each([
    'ÃO PÃES À Â',
    'La lettre «\u00a0Â\u00a0», puis Ã…',
    'ROLÊ™ – CAFÉ® – TÁXI©',
    '5 Å² und 12 Å³, 3 Å–5 Å',
    '[ʁɛ̃ˈdɑ̃] /ˈʃtʁaːsə/ ǃxóõ',
    '┌─┐ │ä│ └─┘ ├── Größe ┼ ╔═╗ ║Ä║',
    'α² + β² = γ², √π ≈ 1,77, ∑ µ ± σ, Δx → 0, 20 °C',
    '20 %–30 %, 5 €–10 €, §§ 3–5, ½ – ¼ × ¾',
    'Ÿ ß œ Œ ß… »ß« Straße™',
    'LA FORÊT – L’ÂME «À» “É”… Ê!',
    'IRMÃ–IRMÃO: MAÇÃ–PÊRA',
    '日本語 テスト 한국어 中文。「は」',
    'שלום עולם، مرحبا',
    'हिन्दी ไทย',
    '😀 👩‍👧 ☎ ✓ → ←',
  ])('%j is left alone', (text) => {
    expect(mojibakeIn(text)).toEqual([]);
  });
});
