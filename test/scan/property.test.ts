/** Random schemas, data and violations: a scan finds exactly what a naive oracle finds. */

import { CHECKS } from '../../src/outcome/checks.ts';
import { rmSync } from 'node:fs';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ColumnField, ModuleMapping, ValueReference } from '../../src/mapping/model.ts';
import { brief, mappingOf, module, scanned, text, writeCandidate } from './candidate.ts';
import { expected, type Rec, type Tables } from './oracle.ts';

const MODULES = ['alpha', 'beta', 'gamma'] as const;
const FIELDS = ['a', 'b', 'c'] as const;

/** Few values, so that they meet; among them some that only look alike. */
const value = fc.constantFrom('x', 'y', 'z', 'X', ' x', '1', '01', 'null', '["x"]', 'ä', null);
const id = fc.constantFrom(...'xyzXYZ'.split(''), ' x', 'x ', '1', '01', 'ä', 'Ä', 'q', 'r', 's');

const record = fc.record({
  a: value,
  b: value,
  c: value,
  list: fc.array(fc.oneof(id, fc.constant(null)), { maxLength: 3 }),
});

const table = fc
  .uniqueArray(fc.tuple(id, record), { maxLength: 9, selector: ([key]) => key })
  .map((rows): Rec[] =>
    rows
      .map(([key, rest]) => ({ id: key, ...rest }))
      .sort((one, other) => Buffer.compare(Buffer.from(one.id), Buffer.from(other.id))),
  );

const fieldName = fc.constantFrom(...FIELDS);
const target = fc.constantFrom('id', ...FIELDS);
const reference = fc.oneof(
  fc.record({
    fields: fc.tuple(fieldName),
    module: fc.constantFrom(...MODULES),
    to: fc.tuple(target),
  }),
  fc.record({
    fields: fc.constantFrom(['a', 'b'], ['b', 'a'], ['c', 'a']),
    module: fc.constantFrom(...MODULES),
    to: fc.constantFrom(['a', 'b'], ['id', 'c']),
  }),
);

const shape = fc.record({
  references: fc.uniqueArray(reference, { maxLength: 3, selector: ({ fields }) => fields.join() }),
  unique: fc.uniqueArray(fc.constantFrom(['a'], ['b'], ['a', 'c'], ['c', 'b', 'a']), {
    maxLength: 2,
  }),
  nested: fc.option(fc.constantFrom(...MODULES)),
  copy: fc.option(fc.tuple(fieldName, fieldName)),
});

type Shape = typeof shape extends fc.Arbitrary<infer T> ? T : never;

function moduleOf(name: string, { references, unique, nested, copy }: Shape): ModuleMapping {
  const via = references.find(({ fields }) => fields.length === 1);
  const list: ColumnField = {
    column: 'list',
    type: 'array(string)',
    ...(nested === null ? {} : { references: nested }),
  };
  const fields = { a: text('a'), b: text('b'), c: text('c'), list };
  // The oracle takes the first parent with a value; so does nobody else where there are several.
  const [copied, original] = copy ?? [];
  const withCopy =
    copied === undefined || original === undefined || via === undefined || via.fields[0] === copied
      ? fields
      : { ...fields, [copied]: text(copied, { copyOf: { via: via.fields[0], field: original } }) };
  return module(name, withCopy, { references, unique });
}

const candidate = fc.record({
  shapes: fc.tuple(shape, shape, shape),
  tables: fc.tuple(table, table, table),
});

async function compare(
  modules: readonly ModuleMapping[],
  tables: Tables,
  memory: number,
): Promise<string[]> {
  const folder = writeCandidate(tables);
  const checks = CHECKS.filter((check) => check !== 'pii');
  const found = brief(await scanned(mappingOf(modules), folder, { memory, checks }));
  rmSync(folder, { recursive: true });
  return found;
}

describe('a scan of random candidates', () => {
  it('finds exactly what the oracle finds, whatever the memory', async () => {
    let violations = 0;
    const rules = new Set<string>();
    await fc.assert(
      fc.asyncProperty(candidate, async ({ shapes, tables }) => {
        const modules = MODULES.map((name, at) => moduleOf(name, shapes[at] ?? shapes[0]));
        const data = Object.fromEntries(MODULES.map((name, at) => [name, tables[at] ?? []]));
        const found = await compare(modules, data, 1e6);
        expect([...found].sort()).toEqual(expected(modules, data));
        expect(await compare(modules, data, 400)).toEqual(found);
        violations += found.length;
        for (const line of found) rules.add(line.split(' ')[0] ?? '');
      }),
      { numRuns: 60, seed: 20 },
    );
    expect(violations).toBeGreaterThan(300);
    expect([...rules].sort()).toEqual([
      'copy',
      'cycle',
      'key-similar',
      'reference',
      'self-reference',
      'unique',
    ]);
  });

  it('sees when the oracle and the scan differ (negative control)', async () => {
    const modules = [module('alpha', { a: text('a') }, { unique: [['a']] })];
    const data = {
      alpha: [
        { id: '1', a: 'x' },
        { id: '2', a: 'x' },
      ],
    };
    const fewer = { alpha: data.alpha.slice(1) };
    expect(await compare(modules, data, 1e6)).toEqual(expected(modules, data));
    expect(await compare(modules, data, 1e6)).not.toEqual(expected(modules, fewer));
  });
});

function own(field: string): ValueReference {
  return { fields: [field], module: 'alpha', to: ['id'] };
}

describe('a scan in little memory', () => {
  it('splits 20,000 keys into many partitions and finds the same in the same order', async () => {
    const rows = Array.from({ length: 20_000 }, (_, at) => ({
      id: `k${String(at).padStart(5, '0')}`,
      a: at % 1000 === 7 ? 'twin' : `a${at}`,
      b: at % 500 === 3 ? 'nobody' : `k${String((at * 7) % 20_000).padStart(5, '0')}`,
      c: at % 3000 === 5 ? `k${String(at).padStart(5, '0')}` : null,
    }));
    const alpha = module(
      'alpha',
      { a: text('a'), b: text('b'), c: text('c') },
      { unique: [['a']], references: [own('b'), own('c')] },
    );
    const folder = writeCandidate({ alpha: rows });
    const read = new Set<string>();
    const full = await scanned(mappingOf([alpha]), folder, { memory: 1e9 });
    const small = await scanned(mappingOf([alpha]), folder, {
      memory: 800_000,
      onProgress: (check, done, total) => read.add(`${check} ${done}/${total}`),
    });
    expect(small).toEqual(full);
    expect(full.filter(({ rule }) => rule === 'reference')).toHaveLength(40);
    expect(full.find(({ rule }) => rule === 'unique')?.members).toHaveLength(20);
    expect(full.filter(({ rule }) => rule === 'cycle').length).toBeGreaterThanOrEqual(7);
    expect(read).toContain('references of alpha 20000/20000');
  });
});
