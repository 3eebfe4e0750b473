import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { ENTRY_HEADER } from '../../src/extsort/spill.ts';
import type { ContentFinisher } from '../../src/migrate/worker/contentEntry.ts';
import { assignOrdinals, assignOrdinalsInTurn } from '../../src/migrate/worker/reshuffle.ts';
import { ONE_BUCKET } from '../../src/extsort/router.ts';
import { splitBucket } from '../../src/extsort/splitBucket.ts';
import { workFolder } from '../kit/project.ts';
import { entriesOf, spilled, type Entry } from './spilled.ts';

const folder = workFolder('reshuffle');
const order = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));

function split(entries: readonly Entry[], parts: number): Entry[][] {
  const spill = { path: join(folder, randomUUID()), chunk: 128 };
  return splitBucket({ bucket: spilled(folder, entries, 512), parts, ...spill }).map(entriesOf);
}

function entriesFor(keys: readonly string[]): Entry[] {
  return keys.map((key, locator) => ({ key, record: `{"row":${locator}}`, lineage: '', locator }));
}

describe('splitting a bucket', () => {
  it('keeps every entry, and all keys of a part before those of the next', () => {
    const keys = fc.array(
      fc.oneof(
        fc.string({ unit: 'binary', maxLength: 4 }),
        fc.string({ maxLength: 2 }).map((end) => `long and common ${end}`),
      ),
      { minLength: 1, maxLength: 120 },
    );
    const property = fc.property(keys, fc.integer({ min: 2, max: 20 }), (some, parts) => {
      const entries = entriesFor(some);
      const result = split(entries, parts);
      const rows = result.flat().map((entry) => Number(entry.locator));
      expect(rows.sort((a, b) => a - b)).toEqual(entries.map((_, row) => row));
      expect(result.flat().every((entry) => entry.key === some[Number(entry.locator)])).toBe(true);
      let highest: string | null = null;
      for (const part of result.filter((of) => of.length > 0)) {
        const inside = part.map((entry) => entry.key).sort(order);
        if (highest !== null) expect(order(highest, inside[0] ?? '')).toBeLessThan(0);
        highest = inside.at(-1) ?? highest;
      }
    });
    fc.assert(property, { numRuns: 150 });
  });

  it('gets on even where one key is far above thousands that look alike', () => {
    const alike = Array.from({ length: 2000 }, (_, n) => `the same beginning ${n}`);
    const parts = split(entriesFor([...alike, 'zzz']), 4).filter((part) => part.length > 0);
    expect(parts.map((part) => part.length)).toEqual([2000, 1]);
    expect(split(parts[0] ?? [], 4).length).toBeGreaterThan(1);
  });

  it('parts the few from the many that are equal, wherever they lie', () => {
    const many = Array.from({ length: 9000 }, () => 'same');
    // In places that the sample, which takes every second one, does not see.
    const few = ['before', 'same', 'samf'];
    const keys = [...many.slice(0, 4001), ...few, ...many.slice(4001), 'sam'];
    const parts = split(entriesFor(keys), 4).map((part) => new Set(part.map(({ key }) => key)));
    expect(parts).toEqual([new Set(['before', 'sam']), new Set(['same']), new Set(['samf'])]);
  });

  it('leaves a bucket whole whose keys are all equal', () => {
    const parts = split(entriesFor(Array.from({ length: 50 }, () => 'same')), 4);
    expect(parts.map((part) => part.length)).toEqual([50]);
  });
});

function spill(): { path: string; chunk: number } {
  return { path: join(folder, randomUUID()), chunk: 256 };
}

describe('ordinals of records that are equal', () => {
  const finisher: ContentFinisher = {
    capacity: (view) => view.end - view.start + 16,
    finish(source, view, ordinal, target) {
      const size = source.copy(target, 0, view.start, view.end);
      // In the place of the key, so that it can be read again.
      target.write(String(ordinal).padStart(4, '0'), ENTRY_HEADER);
      return size;
    },
  };
  it('are the same whether they are sorted in memory or counted, whatever was found in their rows', () => {
    const found = fc.constantFrom(
      undefined,
      [['note', 'sentinel']] as const,
      [['note', 'text-nul']] as const,
      [['größe', 'sentinel']] as const,
    );
    fc.assert(
      fc.property(fc.array(found, { minLength: 1, maxLength: 60 }), (all) => {
        const entries = all.map((of, locator): Entry => {
          const about = { key: 'same', record: '{}', lineage: '', locator };
          return of === undefined ? about : { ...about, found: of };
        });
        const [sorted, counted] = [assignOrdinals, assignOrdinalsInTurn].map((assign) => {
          const buckets = assign(spilled(folder, entries, 512), finisher, ONE_BUCKET, spill());
          return buckets.flatMap(entriesOf).sort((a, b) => order(a.key, b.key));
        });
        expect(counted).toEqual(sorted);
        expect(new Set(counted?.map(({ key }) => key)).size).toBe(entries.length);
      }),
      { numRuns: 60 },
    );
  });

  it('are not counted where the records differ', () => {
    const bucket = spilled(folder, entriesFor(['same', 'other']), 512);
    expect(() => assignOrdinalsInTurn(bucket, finisher, ONE_BUCKET, spill())).toThrow('differ');
  });
});
