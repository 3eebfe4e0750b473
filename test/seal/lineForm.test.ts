import { describe, expect, it } from 'vitest';

import { canonicalJson } from '../../src/record/canonical.ts';
import { encodeKey, type KeyValue } from '../../src/record/keyOrder.ts';
import { lineForm } from '../../src/seal/lineForm.ts';
import { linePattern } from '../../src/seal/linePattern.ts';
import { idPacker, NO_ID, NOT_PACKED, PACKED } from '../../src/seal/packedIds.ts';
import { lineEnds } from '../../src/seal/readChunk.ts';
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

describe('the members that are wanted of a line', () => {
  it('are those of the record, on the fast path and on the slow one', () => {
    const seen = { values: 0, nulls: 0, fast: 0, slow: 0 };
    for (let seed = 0; seed < 60; seed += 1) {
      const random = randomOf(seed, 'wanted');
      const lines = randomSchema(random, seed % 2 === 0);
      const wanted = [...lines.fields.keys()].filter(() => random.chance(0.5));
      const records = Array.from({ length: 20 }, () => randomRecord(random, lines));
      const pattern = linePattern(lines.schema, lines.keyFields, wanted);
      seen[pattern === null ? 'slow' : 'fast'] += 1;
      const data = partOf(records);
      lineForm({ ...lines, wanted }, pattern)(data, lineEnds(data), (line, texts, start, end) => {
        const record = records[line] ?? {};
        expect(data.toString('utf8', start, end)).toBe(canonicalJson(record));
        for (const [index, name] of wanted.entries()) {
          const text = texts[index];
          seen[text === undefined ? 'nulls' : 'values'] += 1;
          const value: unknown = JSON.parse(Buffer.from(text ?? 'null', 'latin1').toString('utf8'));
          expect(value).toEqual(record[name]);
        }
      });
    }
    expect(Math.min(seen.values, seen.nulls, seen.slow, seen.fast)).toBeGreaterThan(5);
  });

  it('are packed where they are ids, and told apart where they are none', () => {
    const id = '01234567-89ab-4def-8123-456789abcdef';
    const packer = idPacker(4);
    const values = [id, null, 7, id.toUpperCase()];
    for (const [line, value] of values.entries()) {
      packer.put(line, value === null ? undefined : JSON.stringify(value));
    }
    const { states, words } = packer.ids;
    expect([...states]).toEqual([PACKED, NO_ID, NOT_PACKED, NOT_PACKED]);
    expect(Buffer.from(words.buffer).toString('hex')).toBe(
      `${id.replaceAll('-', '')}${'0'.repeat(96)}`,
    );
  });
});

describe('the order of lines', () => {
  it.each([false, true])('is that of the encoded keys, for any types (json: %s)', (free) => {
    let [wrong, sorted] = [0, 0];
    for (let seed = 0; seed < 40; seed += 1) {
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
    expect(wrong).toBeGreaterThan(300);
    // Equal keys do not ascend.
    expect(sorted).toBeGreaterThan(0);
  });
});
