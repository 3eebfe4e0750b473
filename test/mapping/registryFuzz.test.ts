/** Registries that somebody hostile, or a broken tool, wrote: loaded as they are, or one clear line. */

import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { loadMapping } from '../../src/mapping/loadMapping.ts';
import { readRegistry, type RegistryEntry } from '../../src/mapping/registryFile.ts';
import { attempt, dice, FUZZ_RUNS, inherited, mutate } from '../mutate.ts';
import { NAMESPACE, writeProject } from './project.ts';

function uuidOf(number: number): string {
  return `6ba7b810-9dad-41d1-80b4-${number.toString(16).padStart(12, '0')}`;
}

const LINES = Array.from({ length: 6 }, (_, index) =>
  JSON.stringify({ legacyId: `dog ${index}`, targetUuid: uuidOf(index), version: index }),
);
const PIECES = [
  '"legacyId"',
  '"targetUuid"',
  '"version"',
  `"${uuidOf(1)}"`,
  `"${uuidOf(1).toUpperCase()}"`,
  '"dog 1"',
  '\n',
  '\n\n',
  '\r\n',
  '\u2028',
];

const FILES = {
  'project.json': {
    format: 1,
    name: 'kennel',
    namespace: NAMESPACE,
    sources: { main: { url: 'ndjson:dogs.ndjson' } },
  },
  'modules/dogs.json': {
    module: 'dogs',
    source: { table: 'dogs' },
    key: [{ column: 'chip', type: 'string' }],
    id: { rule: 'registry', registry: 'dogs' },
    fields: { name: { column: 'name', type: 'string' } },
  },
  'registries/dogs.json': '[]',
};

/** Nearly sound files: some edits on a sound one. */
const mutated = fc
  .record({ seed: fc.integer(), edits: fc.integer({ min: 0, max: 4 }), array: fc.boolean() })
  .map(({ seed, edits, array }) => {
    const roll = dice(seed);
    let bytes: Uint8Array = Buffer.from(array ? `[${LINES.join(',\n')}]` : LINES.join('\n'));
    for (let edit = 0; edit < edits; edit += 1)
      bytes = mutate(Buffer.from(bytes).toString('utf8'), roll, PIECES);
    return { bytes, array };
  });

/** Entries of anything, some of them with the right members. */
const value = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom(uuidOf(1), uuidOf(2), 'dog', ''),
  fc.jsonValue(),
  fc.double(),
);
const anything = fc
  .record({
    entries: fc.array(
      fc.oneof(
        fc.record(
          { legacyId: value, targetUuid: value, version: value },
          { requiredKeys: ['legacyId', 'targetUuid'] },
        ),
        fc.dictionary(fc.constantFrom('legacyId', '__proto__', 'constructor', 'x'), value),
        fc.jsonValue(),
      ),
      { maxLength: 5 },
    ),
    array: fc.boolean(),
  })
  .map(({ entries, array }) => {
    const text = array
      ? JSON.stringify(entries)
      : entries.map((entry) => `${JSON.stringify(entry)}\n`).join('');
    return { bytes: Buffer.from(text), array };
  });

const bytes = fc.record({ bytes: fc.uint8Array({ maxLength: 300 }), array: fc.boolean() });

it(`loads or fails with one clear line, ${FUZZ_RUNS} registries`, async () => {
  const project = writeProject(FILES);
  const folder = join(project, 'mapping');
  const before = inherited();
  const whats = new Set<string>();
  let [loaded, slowest] = [0, 0];
  await fc.assert(
    fc.asyncProperty(fc.oneof(mutated, mutated, anything, bytes), async (file) => {
      rmSync(join(folder, 'registries'), { recursive: true });
      mkdirSync(join(folder, 'registries'));
      const name = `registries/dogs.${file.array ? 'json' : 'ndjson'}`;
      writeFileSync(join(folder, name), file.bytes);
      const { failure, ms } = await attempt(() => loadMapping(project));
      slowest = Math.max(slowest, ms);
      if (failure !== null) {
        expect(failure.code).toBe('MAPPING');
        expect(failure.line()).toMatch(/^[^\p{Cc}]+ \(mapping\/registries\/[^)]+\): [^\p{Cc}]+$/u);
        whats.add(failure.message);
        return;
      }
      loaded += 1;
      const entries: RegistryEntry[] = [];
      for await (const entry of readRegistry(folder, name)) entries.push(entry);
      expect(new Set(entries.map(({ legacyId }) => legacyId)).size).toBe(entries.length);
      expect(new Set(entries.map(({ targetUuid }) => targetUuid)).size).toBe(entries.length);
    }),
    { numRuns: FUZZ_RUNS, seed: 20_250_131 },
  );
  expect(inherited()).toBe(before);
  expect(slowest).toBeLessThan(1000);
  // Both ways were seen, and failures of many kinds.
  expect(loaded).toBeGreaterThan(FUZZ_RUNS / 20);
  expect(whats.size).toBeGreaterThan(20);
}, 600_000);
