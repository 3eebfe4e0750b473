import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { leafHash } from '../../src/merkle/hash.ts';
import { readBucket, type Bucket } from '../../src/extsort/spill.ts';
import type { SortedBucket, SortOptions } from '../../src/migrate/calls.ts';
import { sortedCapacity } from '../../src/migrate/sort/writeSorted.ts';
import { sortBucket } from '../../src/migrate/worker/sortBucket.ts';
import { asBuffer } from '../../src/threads/sharedBuffer.ts';
import { workFolder } from '../kit/project.ts';
import { spilled, type Entry } from './spilled.ts';

const folder = workFolder('sort');
const SEALED = { provisional: false, merge: false, keyFields: ['k'] };

function sort(bucket: Bucket, options: SortOptions): SortedBucket {
  const target = new SharedArrayBuffer(sortedCapacity(bucket));
  return sortBucket(readBucket(bucket), bucket.entries, options, target);
}

function locatorsOf([, group]: readonly [string, Entry[]]): unknown[] {
  return group.map((entry) => entry.locator).sort((a, b) => Number(a) - Number(b));
}

/** What sorting gives, said plainly: distinct keys by their UTF-8 bytes, all others reported. */
function expected(entries: readonly Entry[]): { kept: Entry[]; duplicates: unknown[] } {
  const groups = Map.groupBy(entries, (entry) => entry.key);
  const sorted = [...groups].sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  return {
    kept: sorted.flatMap(([, group]) => (group.length === 1 ? group : [])),
    duplicates: sorted.filter(([, group]) => group.length > 1).map(locatorsOf),
  };
}

function check(entries: readonly Entry[]): void {
  const sorted = sort(spilled(folder, entries, 256), SEALED);
  const { kept, duplicates } = expected(entries);
  const lines = kept.map((entry) => Buffer.from(`${entry.record}\n`));
  expect(asBuffer(sorted.data).subarray(1).equals(Buffer.concat(lines))).toBe(true);
  expect(asBuffer(sorted.lineage).toString()).toBe(
    kept.map((entry) => `${entry.lineage}\n`).join(''),
  );
  let offset = 0;
  expect([...sorted.ends]).toEqual(lines.map((line) => (offset += line.length)));
  const leaves = kept.map((entry) => leafHash(Buffer.from(entry.record)));
  expect(asBuffer(sorted.leaves).equals(Buffer.concat(leaves))).toBe(true);
  expect(sorted.duplicates).toEqual(duplicates);
}

const key = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 3 }),
  fc.constantFrom('', '\0', '\u{1F600}', '\uFF5E'),
  fc.string({ maxLength: 2 }).map((end) => `a prefix of many bytes ${end}`),
);

describe('a sorted bucket', () => {
  it('has the records of distinct keys in order, hashed, and names the rows of all others', () => {
    const some = fc.array(fc.tuple(key, fc.string({ unit: 'binary' })), { maxLength: 80 });
    const property = fc.property(some, (pairs) => {
      check(
        pairs.map(([of, record], n) => ({ key: of, record, lineage: `l${n}`, locator: 999 - n })),
      );
    });
    fc.assert(property, { numRuns: 200 });
  });

  it('keeps order where leading bytes tie and where keys are prefixes of each other', () => {
    const texts = [
      '',
      'a',
      'aaaaaa',
      'aaaaaa\0',
      'aaaaaaa',
      'aaaaaaab',
      'aaaaaab',
      'b',
      'aaaaaa\u0001',
    ];
    check(
      texts.map((of, locator) => ({ key: of, record: of, lineage: '', locator })).map(withLine),
    );
  });

  it('holds many entries whose keys share all but their end', () => {
    const many = Array.from({ length: 20_000 }, (_, n) => ({
      key: `a rather long prefix ${(n * 7919) % 20_011}`,
      record: `{"n":${n}}`,
      lineage: 'x',
      locator: n,
    }));
    check(many);
  });

  it('is empty where every key comes twice', () => {
    const twice = ['a', 'b', 'a', 'b'].map((of, locator) => ({
      key: of,
      record: of,
      lineage: 'x',
      locator,
    }));
    const sorted = sort(spilled(folder, twice), SEALED);
    expect(sorted.ends.length).toBe(0);
    expect(sorted.duplicates).toEqual([
      [0, 2],
      [1, 3],
    ]);
  });

  it('holds equal records of a key once where they merge, by their first row', () => {
    const entries = [
      { key: 'b', record: 'same', lineage: 'b', locator: 9 },
      { key: 'a', record: 'one', lineage: 'a', locator: 5 },
      { key: 'b', record: 'same', lineage: 'b', locator: 2 },
      { key: 'c', record: 'x', lineage: 'c', locator: 7 },
      { key: 'c', record: 'y', lineage: 'c', locator: 3 },
      { key: 'c', record: 'x', lineage: 'c', locator: 4 },
    ];
    for (const provisional of [false, true]) {
      const sorted = sort(spilled(folder, entries), { provisional, merge: true, keyFields: ['k'] });
      const differing = provisional ? 'y\nx\nx\n' : '';
      expect(asBuffer(sorted.data).subarray(1).toString()).toBe(`one\nsame\n${differing}`);
      expect(asBuffer(sorted.lineage).toString()).toBe(provisional ? 'a\nb\nc\nc\nc\n' : 'a\nb\n');
      expect(sorted.merged).toBe(1);
      expect(sorted.duplicates).toEqual(provisional ? [] : [[3, 4, 7]]);
      expect(sorted.locators).toEqual(
        provisional ? BigInt64Array.from([5n, 2n, 3n, 4n, 7n]) : null,
      );
    }
    const apart = sort(spilled(folder, entries), SEALED);
    expect([apart.merged, apart.duplicates]).toEqual([
      0,
      [
        [2, 9],
        [3, 4, 7],
      ],
    ]);
  });

  it('is refused when it holds another number of entries than written', () => {
    const bucket = spilled(folder, [{ key: 'a', record: 'r', lineage: '', locator: 1 }]);
    expect(() => sort({ ...bucket, entries: 2 }, SEALED)).toThrow();
    expect(() => sort({ ...bucket, entries: 0 }, SEALED)).toThrow('another number of entries');
  });
});

function withLine(entry: Entry): Entry {
  return { ...entry, lineage: `line ${entry.locator}` };
}

function lines(found: SortedBucket): string[] {
  return asBuffer(found.findings).toString().split('\n').slice(0, -1);
}

/** A row of this key in which this was found. */
function entry(key: string, locator: number, found: Entry['found'] = []): Entry {
  const given = found.length > 0 ? { found } : {};
  return { key, record: `{"k":"${key}"}`, lineage: '', locator, ...given };
}

describe('what was found in the rows of a bucket', () => {
  it('comes back with the id of its record, in the order of the records', () => {
    const entries = [
      entry('b', 1, [
        ['x', 'sentinel'],
        ['y', 'text-nul'],
      ]),
      entry('c', 2),
      entry('a', 3, [['x', 'fallback']]),
    ];
    const sorted = sort(spilled(folder, entries), SEALED);
    expect(lines(sorted)).toEqual([
      '{"field":"x","id":["a"],"rule":"fallback"}',
      '{"field":"x","id":["b"],"rule":"sentinel"}',
      '{"field":"y","id":["b"],"rule":"text-nul"}',
    ]);
    expect(sorted.findingCount).toBe(3);
  });

  it('is put together where equal rows become one record, and goes with rows that are left out', () => {
    const twice = [
      entry('a', 2, [['y', 'sentinel']]),
      entry('a', 1, [['x', 'sentinel']]),
      entry('a', 3, [['x', 'sentinel']]),
    ];
    const merged = sort(spilled(folder, twice), { ...SEALED, merge: true });
    expect(lines(merged)).toEqual([
      '{"field":"x","id":["a"],"rule":"sentinel"}',
      '{"field":"y","id":["a"],"rule":"sentinel"}',
    ]);
    expect(lines(sort(spilled(folder, twice), SEALED))).toEqual([]);
  });
});
