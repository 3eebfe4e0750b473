/**
 * Bytes and words a second that the search for values which must be nowhere reads: `npm run
 * measure:taint`. Seconds are those of the processor, in the best of some rounds. Texts without and with matches, in ASCII and in
 * German, for sets of several sizes; and values a second that a set takes.
 */

import { estimatedBytes, taintBuilder, taintFinder, taintSeeds } from '../../src/taint/taintSet.ts';
import type { Taint } from '../../src/taint/taintSet.ts';
import { wordCursor } from '../../src/taint/words.ts';
import { randomOf, type Random } from '../dogschool/random.ts';

const SEEDS = taintSeeds(Uint8Array.from({ length: 16 }, (_, at) => at + 1));
const SIZES = [10, 100_000, 1_000_000];
const TEXTS = 20_000;
const ROUNDS = 12;

const ENGLISH =
  'the dog was late and its owner paid in cash at the desk before a lesson began on Monday morning with two other dogs from our village which had been there for the last course in May 2019 but did not pass';
const GERMAN =
  'der Hund kam zu spät und die Besitzerin zahlte bar für die Prüfung am Übungsplatz bevor die Stunde begann – „nächstes Mal früher“ heißt es müsse er größere Hürden üben in der Straße gegenüber dem Café am 12.05.2019';
const SYLLABLES =
  'ba ber dor el fen gar hil ing jo kur lin mar nor os pel qui ros sten tur ul vin wal'.split(' ');

/** A name that no text has, of words that some texts have in front of others. */
function nameOf(random: Random): string {
  const word = (): string =>
    `${random.pick(SYLLABLES)}${random.pick(SYLLABLES)}${random.pick(SYLLABLES)}`;
  return `${word()} ${word()}${random.pick(SYLLABLES)}`;
}

/** A text of about 200 characters. */
function textOf(random: Random, words: readonly string[], name: string | null): string {
  const some = Array.from({ length: 32 }, () => random.pick(words));
  if (name !== null) some[16] = name;
  return `${some.join(' ')}.`;
}

function taintOf(values: readonly string[]): Taint {
  const began = processorSeconds();
  const builder = taintBuilder(SEEDS, estimatedBytes(values.length));
  for (const value of values) builder.add(value, 1);
  const seconds = processorSeconds() - began;
  const keeping = rate(values, (value) => builder.keep(`die ${value}`)) * values.length;
  const taint = builder.finish();
  const bytes = taint.words.byteLength + taint.filter.byteLength;
  print(
    `${values.length} values: ${(values.length / seconds / 1e6).toFixed(2)}M/s added, others ${(keeping / 1e6).toFixed(1)}M/s to keep; ${(bytes / 2 ** 20).toFixed(1)} MiB, filter ${(taint.filter.byteLength / 2 ** 20).toFixed(2)} MiB`,
  );
  return taint;
}

/** Seconds of the processor, so that other programs change the figures less. */
function processorSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

/** Times that all texts are read in a second, in the best of some rounds. */
function rate(texts: readonly string[], search: (text: string) => unknown): number {
  let best = 0;
  for (let round = 0; round < ROUNDS; round += 1) {
    const began = processorSeconds();
    for (const text of texts) search(text);
    best = Math.max(best, 1 / (processorSeconds() - began));
  }
  return best;
}

function measure(name: string, texts: readonly string[], search: (text: string) => unknown): void {
  const bytes = texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0);
  const words = texts.reduce((sum, text) => sum + countOf(text), 0);
  const times = rate(texts, search) / 1e6;
  print(
    `  ${name.padEnd(24)} ${(bytes * times).toFixed(0)} MB/s, ${(words * times).toFixed(1)}M words/s`,
  );
}

const CURSOR = wordCursor([1, 2]);

function countOf(text: string): number {
  CURSOR.open(text);
  let words = 0;
  while (CURSOR.next()) words += 1;
  return words;
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

function main(): void {
  const random = randomOf(1, 'taint');
  const names = Array.from({ length: SIZES.at(-1) ?? 0 }, () => nameOf(random));
  const kinds = [
    ['ASCII', ENGLISH],
    ['German', GERMAN],
  ] as const;
  const corpora = kinds.flatMap(([kind, text]) => {
    const words = text.split(' ');
    const some = (name: () => string | null): string[] =>
      Array.from({ length: TEXTS }, () => textOf(random, words, name()));
    return [
      [`${kind}, no match`, some(() => null)],
      [`${kind}, a match in each`, some(() => names[random.integer(0, 9)] ?? '')],
    ] as const;
  });
  for (const [kind, texts] of corpora) measure(`${kind}: words only`, texts, countOf);
  for (const size of SIZES) {
    const find = taintFinder(taintOf(names.slice(0, size)));
    for (const [kind, texts] of corpora) measure(kind, texts, find);
  }
}

main();
