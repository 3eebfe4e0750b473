/**
 * How much wrongly decoded text is found, and how much right text is taken for it: over words of
 * word lists and dictionaries that are installed, which the code has never seen. `npm run
 * measure:text`, with a seed as its argument.
 */

import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

import { textFaults } from '../../src/record/textFault.ts';

interface Misread {
  readonly language: string;
  readonly word: string;
  readonly codec: string;
  readonly depth: number;
  readonly text: string;
}

const RECALL = 0.99;
const WORDS = 500;
const TEXTS = 10_000;

function generated(what: string, seed: string, count: number): unknown {
  const script = fileURLToPath(new URL('misread.py', import.meta.url));
  const args = [script, what, seed, String(count)];
  const ran = spawnSync('python3', args, { encoding: 'utf8', maxBuffer: 2 ** 28 });
  if (ran.status !== 0) {
    process.stderr.write(ran.error === undefined ? ran.stderr : 'python3 is not installed\n');
    process.exit(2);
  }
  return JSON.parse(ran.stdout) as unknown;
}

function isFound(text: string): boolean {
  return textFaults(text).some(({ rule }) => rule === 'text-mojibake');
}

function measureRecall(seed: string): boolean {
  const all = generated('words', seed, WORDS) as readonly Misread[];
  const missed = all.filter(({ text }) => !isFound(text));
  const rows = new Map<string, { all: number; missed: Misread[] }>();
  for (const one of all) {
    for (const key of [`${one.codec} ${one.depth}`, one.language]) {
      const row = rows.get(key) ?? { all: 0, missed: [] };
      row.all += 1;
      if (missed.includes(one)) row.missed.push(one);
      rows.set(key, row);
    }
  }
  for (const [key, row] of rows) {
    const share = (1 - row.missed.length / row.all).toFixed(4);
    const some = row.missed.slice(0, 4).map(({ word, text }) => `${word} ${JSON.stringify(text)}`);
    process.stdout.write(`${key.padEnd(12)} ${share} of ${row.all}  ${some.join(', ')}\n`);
  }
  const recall = 1 - missed.length / all.length;
  process.stdout.write(`recall ${recall.toFixed(4)} of ${all.length}, wanted ${RECALL}\n`);
  return recall >= RECALL && all.length > WORDS;
}

function measureAlarms(seed: string): boolean {
  const texts = generated('texts', seed, TEXTS) as readonly Pick<Misread, 'language' | 'text'>[];
  const alarms = texts.filter(({ text }) => isFound(text));
  for (const { language, text } of alarms.slice(0, 40)) {
    process.stdout.write(`false alarm, ${language}: ${JSON.stringify(text)}\n`);
  }
  const beyond = texts.filter(({ text }) => Buffer.byteLength(text) > text.length).length;
  const languages = new Set(texts.map(({ language }) => language)).size;
  process.stdout.write(
    `${alarms.length} false alarms in ${texts.length} clean texts of ${languages} languages, ` +
      `${beyond} of them beyond ASCII; wanted 0\n`,
  );
  return alarms.length === 0 && texts.length === TEXTS && languages === 6;
}

function main(): void {
  const seed = process.argv[2] ?? '1';
  process.stdout.write(`seed ${seed}\n`);
  const recalled = measureRecall(seed);
  const quiet = measureAlarms(seed);
  if (!recalled || !quiet) process.exitCode = 1;
}

main();
