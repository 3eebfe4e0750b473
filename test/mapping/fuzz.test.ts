import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { loadMapping } from '../../src/mapping/loadMapping.ts';
import { attempt, dice, FUZZ_RUNS, inherited, mutate } from '../mutate.ts';
import { validFiles, writeProject } from './project.ts';

const PIECES = [
  '"string"',
  '"decimal(2)"',
  '"array("',
  '"../x"',
  '"customers"',
  '"main"',
  '"nr"',
  '"keep"',
];

/** Fewer do not fail in as many ways as are asked for below. */
const RUNS = Math.max(FUZZ_RUNS, 320);

it(`loads or fails with one clear line, ${RUNS} mutated mappings`, async () => {
  const roll = dice(20_250_131);
  const project = writeProject(validFiles());
  const names = Object.keys(validFiles());
  const before = inherited();
  let slowest = 0;
  let loaded = 0;
  const whats = new Set<string>();
  for (let run = 0; run < RUNS; run += 1) {
    const name = names[roll(names.length)] ?? '';
    const content = validFiles()[name];
    const text = typeof content === 'string' ? content : JSON.stringify(content, null, 1);
    const path = join(project, 'mapping', name);
    writeFileSync(path, mutate(text, roll, PIECES));
    const { failure, ms } = await attempt(() => loadMapping(project)).catch((cause: unknown) => {
      throw new Error(`run ${run}: ${name}`, { cause });
    });
    slowest = Math.max(slowest, ms);
    if (failure === null) loaded += 1;
    else {
      expect(failure.code).toBe('MAPPING');
      expect(failure.line()).toMatch(/^[^\p{Cc}]+ \(mapping\/[^)]+\): [^\p{Cc}]+$/u);
      whats.add(failure.message);
    }
    writeFileSync(path, text);
  }
  expect(inherited()).toBe(before);
  expect(slowest).toBeLessThan(1000);
  expect(({} as Record<string, unknown>)['x']).toBeUndefined();
  // Both ways were seen, and failures of many kinds.
  expect(loaded).toBeGreaterThan(RUNS / 50);
  expect(whats.size).toBeGreaterThan(50);
});
