/** Every command that a message, a hint, a note or a report names is one that the real program takes. */

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

import { commandsIn, FILLED, knownOptions, optionsIn, refusal, textsOf } from './hints.ts';

interface Text {
  readonly where: string;
  readonly text: string;
}

const code: Text[] = readdirSync('src', { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts'))
  .sort()
  .flatMap((name) => {
    const path = join('src', name);
    return textsOf(readFileSync(path, 'utf8')).map((text) => ({ where: path, text }));
  });

/** What was printed, not what was typed: some of that is wrong on purpose. */
const golden: Text[] = readFileSync('test/golden/messages.txt', 'utf8')
  .split('\n')
  .filter((line) => !line.startsWith('$ '))
  .map((text) => ({ where: 'test/golden/messages.txt', text }));

/** Files with options of other programs, and the style sheets. */
const OTHERS =
  /\/(?:style|cutoverStyle|rolloutStyle|lintCommands|knownCommands|postgresPrograms|restoredCopy|pgBackup|git\w*)\.ts$/;

describe('a command that a text names', () => {
  it.each([
    ['in the code', code, 90, 40],
    ['in printed messages', golden, 120, 0],
  ])('is one that the program takes, %s', (_, texts, least, whole) => {
    const named = texts.flatMap(({ where, text }) => {
      return commandsIn(text).map((command) => ({ where, text, command }));
    });
    const wrong = named.flatMap(({ where, text, command }) => {
      const why = refusal(command);
      return why === null ? [] : [`${where}: sealift ${command.words.join(' ')}: ${why}: ${text}`];
    });
    expect(wrong).toEqual([]);
    expect(named.length).toBeGreaterThan(least);
    expect(named.filter(({ command }) => command.whole).length).toBeGreaterThanOrEqual(whole);
  });

  it('names no option that no command has', () => {
    const known = knownOptions();
    const named = code
      // Of other programs, and of the style sheet.
      .filter(({ where, text }) => !OTHERS.test(where) && !/sha256sum|nice /.test(text))
      .flatMap(({ where, text }) => optionsIn(text).map((option) => `${where}: ${option}`));
    expect(named.filter((one) => !known.has(one.split(': ')[1] ?? ''))).toEqual([]);
    expect(named.length).toBeGreaterThan(80);
  });

  it.each([
    ['make it live with sealift promote --candidate 12345678', "unknown option '--candidate'"],
    ['run sealift verify, then again', "unknown command 'verify'"],
    ['see sealift verify-checksums --candidate, and build it again', 'argument missing'],
    ['write one with sealift init --project DIR', "required option '--source"],
    ['see sealift registry chekc', 'unknown command'],
    ['sealift scan-module', null],
    ['accept them with sealift migrate --allow-rejected 1x', "argument '1x' is invalid"],
    [`go live with sealift promote ${FILLED}, then`, null],
    ['build one with sealift migrate, or name one by its seal id', null],
    ["Examples:\n  sealift init --source 'csv:a/?delimiter=;' --project b   # of files", null],
    ['Examples:\n  sealift diff live', "missing required argument 'b'"],
  ])('is looked at (negative control): %s', (text, why) => {
    const [command] = commandsIn(text);
    expect(command).toBeDefined();
    const said = command === undefined ? 'none' : refusal(command);
    expect(said === null ? null : said.replaceAll('\n', ' ')).toEqual(
      why === null ? null : expect.stringContaining(why),
    );
  });
});

describe('texts in code', () => {
  it('are found without comments, joined, and filled', () => {
    const example = [
      "// 'no'",
      "const a = 'it''s' + /* 'no' */",
      '  `b ${f(`x ${"}"}`)} c`;',
      'const b = x / 2; const c = /[\'"`/]/u.test(d) ? "e" : f;',
      "const g = h + 'i' + j + 'k';",
    ].join('\n');
    expect(textsOf(example)).toEqual(['it', '}', `x ${FILLED}`, `sb ${FILLED} c`, 'e', 'i', 'k']);
  });
});
