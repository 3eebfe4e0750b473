/** The words that are out stay out: of the code, of what it says, and of the documentation. */

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { WORDS_OUT, wordsOut } from './words.ts';

function filesIn(folder: string, ending: RegExp): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && ending.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

const PAGES = ['README.md', 'ARCHITECTURE.md', ...filesIn('docs', /\.md$/)];
const SAID = ['test/golden/messages.txt'];

describe('the words that are out', () => {
  it.each([
    ['src', filesIn('src', /\.ts$/)],
    ['the documentation', PAGES],
    ['the messages', SAID],
  ])('are not in %s', (_, files) => {
    expect(files.length).toBeGreaterThan(0);
    const found = files.flatMap((file) =>
      wordsOut(readFileSync(file, 'utf8')).map((word) => `${file}:${word}`),
    );
    expect(found).toEqual([]);
  });

  it('are found where they are, each by its own pattern (negative control)', () => {
    const text =
      'nobody somebody whoever anybody be it remark accuse hits dealer room lookAt lookUps '.concat(
        'rowGate nameless foreign sound held against leads to behind blank mend asked settle',
      );
    expect(wordsOut(text)).toHaveLength(WORDS_OUT.length);
    expect(
      wordsOut('a foreign key points to a row after it, with whitespace and free space'),
    ).toEqual([]);
  });
});
