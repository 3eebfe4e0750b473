import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { loadMapping } from '../../src/mapping/load.ts';
import { Failure } from '../../src/outcome/failure.ts';
import { validFiles, writeProject } from './project.ts';

const RUNS = 2000;

/** A small deterministic generator (mulberry32): integers from 0 to below `limit`. */
function dice(seed: number): (limit: number) => number {
  let state = seed;
  return (limit) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % limit;
  };
}

const PIECES = [
  '"__proto__"',
  '"constructor"',
  '"toString"',
  '"polluted"',
  '"~"',
  '""',
  '"\\ud800"',
  '"a/b"',
  'null',
  'true',
  '0',
  '-0',
  '1e400',
  '9007199254740993',
  '[]',
  '{}',
  '{"__proto__":{"x":1}}',
  '"string"',
  '"decimal(2)"',
  '"array("',
  '"../x"',
  '"customers"',
  '"main"',
  '"nr"',
  '"keep"',
  ',',
  ':',
  '{',
  '}',
  '[',
  ']',
  '"',
  '\\',
  '\u0000',
  '\uFEFF',
  '[['.repeat(400),
];

/** One edit: of a byte, a token, or a piece moved, doubled or removed. */
function mutate(text: string, roll: (limit: number) => number): Buffer {
  const tokens = text.match(/"(?:[^"\\]|\\.)*"|[\d.]+|true|false|null|[[\]{},:]|\s+/g) ?? [];
  const at = roll(Math.max(tokens.length, 1));
  const piece = PIECES[roll(PIECES.length)] ?? '';
  switch (roll(6)) {
    case 0: {
      const bytes = Buffer.from(text);
      bytes[roll(bytes.length)] = roll(256);
      return bytes;
    }
    case 1:
      tokens.splice(at, 1);
      break;
    case 2:
      tokens.splice(at, 0, piece);
      break;
    case 3:
      tokens[at] = tokens[roll(tokens.length)] ?? '';
      break;
    default: {
      // A value or a key by another of its kind: most of these stay JSON.
      const strings = [...tokens.keys()].filter((index) => tokens[index]?.startsWith('"') === true);
      tokens[strings[roll(strings.length)] ?? 0] = piece;
    }
  }
  return Buffer.from(tokens.join(''));
}

it(`loads or fails with one clear line, ${RUNS} mutated mappings`, async () => {
  const roll = dice(20_250_131);
  const project = writeProject(validFiles());
  const names = Object.keys(validFiles());
  const before = Object.getOwnPropertyNames(Object.prototype).toSorted().join();
  let loaded = 0;
  const whats = new Set<string>();
  for (let run = 0; run < RUNS; run += 1) {
    const name = names[roll(names.length)] ?? '';
    const content = validFiles()[name];
    const text = typeof content === 'string' ? content : JSON.stringify(content, null, 1);
    const path = join(project, 'mapping', name);
    writeFileSync(path, mutate(text, roll));
    try {
      await loadMapping(project);
      loaded += 1;
    } catch (error) {
      if (!(error instanceof Failure)) throw new Error(`run ${run}: ${name}`, { cause: error });
      expect(error.code).toBe('MAPPING');
      expect(error.line()).toMatch(/^[^\p{Cc}]+ \(mapping\/[^)]+\): [^\p{Cc}]+$/u);
      whats.add(error.message);
    }
    writeFileSync(path, text);
  }
  expect(Object.getOwnPropertyNames(Object.prototype).toSorted().join()).toBe(before);
  expect(({} as Record<string, unknown>)['x']).toBeUndefined();
  // Both ways were seen, and failures of many kinds.
  expect(loaded).toBeGreaterThan(50);
  expect(whats.size).toBeGreaterThan(100);
});
