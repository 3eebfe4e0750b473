/** Mutants are run on demand; that their texts are still in the source is seen at once. */

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { describe, expect, it } from 'vitest';

import type { Mutant } from './mutant.ts';
import { MUTANTS } from './mutants.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** Whether a mutant cannot be tried: its text stands nowhere or twice, or a test file is missing. */
function isStale({ file, from, killers }: Mutant): boolean {
  const times = readFileSync(join(ROOT, file), 'utf8').split(from).length - 1;
  return times !== 1 || !killers.every((test) => existsSync(join(ROOT, test)));
}

function stale(mutants: readonly Mutant[]): readonly string[] {
  return mutants.filter(isStale).map(({ name }) => name);
}

describe('each mutant', () => {
  it('breaks a text that stands once in its file, and has tests to kill it', () => {
    expect(MUTANTS.length).toBeGreaterThan(100);
    expect(stale(MUTANTS)).toEqual([]);
  });

  it('is stale with another text, or with a test that there is not (negative control)', () => {
    const [first] = MUTANTS;
    if (first === undefined) throw new Error('no mutant');
    const other = { ...first, name: 'other text', from: `${first.from} and more` };
    const untested = { ...first, name: 'no test', killers: ['test/none.test.ts'] };
    expect(stale([other, first, untested])).toEqual(['other text', 'no test']);
  });
});
