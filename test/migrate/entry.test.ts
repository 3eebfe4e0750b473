import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { locatorOf, readEntry, writeHeader } from '../../src/extsort/entry.ts';
import { keyFits } from '../../src/record/keyOrder.ts';
import { encodeKey } from '../../src/record/keyOrder.ts';
import { workFolder } from '../kit/project.ts';
import { entriesOf, spilled, type Entry } from './spilled.ts';

const folder = workFolder('entry');
const text = fc.string({ unit: 'binary' });
const locator = fc.oneof(
  fc.maxSafeInteger(),
  fc.bigInt({ min: 2n ** 53n, max: 2n ** 63n - 1n }).map(String),
  fc.bigInt({ min: -(2n ** 63n), max: -(2n ** 53n) }).map(String),
);
const entry: fc.Arbitrary<Entry> = fc.record({
  key: text,
  record: text,
  lineage: fc.oneof(fc.constant(''), text),
  locator,
});

describe('an entry', () => {
  it('comes back from the disk as it was', () => {
    const property = fc.property(fc.array(entry, { maxLength: 20 }), (entries) => {
      const bucket = spilled(folder, entries, 64);
      expect(bucket.entries).toBe(entries.length);
      expect(entriesOf(bucket)).toEqual(entries);
    });
    fc.assert(property, { numRuns: 100 });
  });

  it('may be larger than what a bucket holds in memory', () => {
    const large = { key: 'k', record: 'ä'.repeat(200_000), lineage: 'x', locator: 1 };
    const small = { key: 'a', record: '{}', lineage: '', locator: 2 };
    expect(entriesOf(spilled(folder, [small, large, small]))).toEqual([small, large, small]);
  });

  it('names rows as numbers where these are exact, as text where they are not', () => {
    const buffer = Buffer.alloc(24);
    const rows = [0, 1, -1, 2 ** 53 - 1, -(2 ** 53) + 1, 2 ** 32, -(2 ** 32) - 1];
    const view = { start: 0, keyEnd: 24, recordEnd: 24, lineageEnd: 24, end: 24 };
    for (const number of rows) {
      writeHeader(buffer, 0, view, number);
      expect(locatorOf(buffer, 0)).toBe(number);
    }
    for (const number of [2n ** 53n, -(2n ** 63n), 2n ** 63n - 1n]) {
      writeHeader(buffer, 0, view, String(number));
      expect(locatorOf(buffer, 0)).toBe(String(number));
    }
    const read = { start: 9, keyEnd: 9, recordEnd: 9, lineageEnd: 9, end: 9 };
    readEntry(buffer, 0, read);
    expect(read).toEqual(view);
  });
});

describe('keyFits', () => {
  const longest = '9'.repeat(299);

  it('lets no number pass that the order encoding refuses', () => {
    const kinds = [{ kind: 'bigint' }] as const;
    expect(keyFits([longest], kinds)).toBe(true);
    expect(encodeKey(kinds, [longest]).length).toBeLessThan(128);
    expect(keyFits([`-${longest}9`], kinds)).toBe(false);
    expect(() => encodeKey(kinds, ['9'.repeat(310)])).toThrow(RangeError);
  });

  it('has no limit for other types', () => {
    expect(keyFits(['x'.repeat(5000), 7, true], [{ kind: 'string' }, { kind: 'integer' }])).toBe(
      true,
    );
  });
});
