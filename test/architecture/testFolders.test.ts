/** What several test files import in one process outlives each of them: it makes no folder of one file. */

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

/** What is said when a module is loaded, and ends with the first test file that loads it. */
const OF_ONE_FILE = /^(?:export )?(?:const [^\n]*= )?(?:workFolder|afterAll|beforeAll)\(/m;

function modulesOfTests(): string[] {
  return readdirSync('test', { recursive: true, withFileTypes: true })
    .filter(({ name }) => name.endsWith('.ts') && !name.endsWith('.test.ts'))
    .map((entry) => join(entry.parentPath, entry.name));
}

describe('a module that several test files use', () => {
  it('makes nothing that ends with the first of them', () => {
    const modules = modulesOfTests();
    expect(modules.length).toBeGreaterThan(0);
    expect(modules.filter((file) => OF_ONE_FILE.test(readFileSync(file, 'utf8')))).toEqual([]);
  });

  it.each(["const work = workFolder('shops');", 'afterAll(() => end());'])(
    'is found if it does: %s (negative control)',
    (line) => expect(`import x from 'y';\n\n${line}\n`).toMatch(OF_ONE_FILE),
  );
});
