import { describe, expect, it } from 'vitest';

import { canonicalJson } from '../../src/record/canonical.ts';
import { encodeKey, type KeyValue } from '../../src/record/keyOrder.ts';
import { lineForm } from '../../src/seal/lineForm.ts';
import { lineEnds } from '../../src/seal/readPart.ts';
import { randomOf } from '../dogschool/random.ts';
import { randomRecord, randomSchema, type RandomLines } from './randomSchema.ts';

function partOf(records: readonly object[]): Buffer {
  return Buffer.from(`\0${records.map((record) => `${canonicalJson(record)}\n`).join('')}`);
}

function keyBytes({ keyFields, keyTypes }: RandomLines, record: Record<string, unknown>): Buffer {
  return encodeKey(
    keyTypes,
    keyFields.map((field) => record[field] as KeyValue),
  );
}

/** Lines whose key does not come after the one before, by the encoding that docs/format.md has. */
function unordered(lines: RandomLines, records: readonly Record<string, unknown>[]): number[] {
  const keys = records.map((record) => keyBytes(lines, record));
  return keys.flatMap((key, at) => {
    const before = keys[at - 1];
    return before !== undefined && Buffer.compare(before, key) >= 0 ? [at] : [];
  });
}

describe('the order of lines', () => {
  it.each([false, true])('is that of the encoded keys, for any types (json: %s)', (free) => {
    let [wrong, sorted] = [0, 0];
    for (let seed = 0; seed < 60; seed += 1) {
      const random = randomOf(seed, `order ${String(free)}`);
      const lines = randomSchema(random, free);
      const records = Array.from({ length: 40 }, () => randomRecord(random, lines));
      const look = lineForm(lines);
      const byKey = records.toSorted((a, b) =>
        Buffer.compare(keyBytes(lines, a), keyBytes(lines, b)),
      );
      for (const list of [records, byKey]) {
        const data = partOf(list);
        const { faults, lines: count } = look(data, lineEnds(data));
        const found = faults.filter(({ fault }) => fault.kind === 'order').map(({ line }) => line);
        expect(found, String(seed)).toEqual(unordered(lines, list));
        expect([faults.length - found.length, count]).toEqual([0, 40]);
        if (list === byKey) sorted += found.length;
        else wrong += found.length;
      }
    }
    expect(wrong).toBeGreaterThan(500);
    // Equal keys do not ascend.
    expect(sorted).toBeGreaterThan(0);
  });
});
