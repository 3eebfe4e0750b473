import { describe, expect, it } from 'vitest';

import { canonicalJson } from '../../src/record/canonical.ts';
import { encodeKey, type KeyValue } from '../../src/record/keyOrder.ts';
import { uuidBytes } from '../../src/record/uuid.ts';
import { lineForm } from '../../src/seal/lineForm.ts';
import { linePattern } from '../../src/seal/linePattern.ts';
import { NO_ID, NOT_PACKED, PACKED, type PackedIds } from '../../src/seal/packedIds.ts';
import { lineEnds } from '../../src/seal/readPart.ts';
import { randomOf } from '../dogschool/random.ts';
import { randomRecord, randomSchema, type RandomLines } from './randomSchema.ts';

const UUID = '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$';

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

describe('the ids of lines', () => {
  it('are those of the records, on the fast path and on the slow one', () => {
    const seen = { ids: 0, nulls: 0, slow: 0 };
    for (let seed = 0; seed < 60; seed += 1) {
      const random = randomOf(seed, 'ids');
      const lines = randomSchema(random, seed % 2 === 0);
      const records = Array.from({ length: 30 }, () => randomRecord(random, lines));
      if (linePattern(lines.schema, lines.keyFields, lines.idFields) === null) seen.slow += 1;
      const data = partOf(records);
      const { ids } = lineForm(lines)(data, lineEnds(data));
      for (const [field, name] of lines.idFields.entries()) {
        for (const [line, record] of records.entries()) {
          const { words, states } = ids[field] as PackedIds;
          const id = record[name];
          expect(states[line]).toBe(id === null ? NO_ID : PACKED);
          const bytes = Buffer.from(words.buffer, line * 16, 16);
          expect(bytes).toEqual(
            Buffer.from(id === null ? new Uint8Array(16) : uuidBytes(id as string)),
          );
          seen[id === null ? 'nulls' : 'ids'] += 1;
        }
      }
    }
    expect(Math.min(seen.ids, seen.nulls, seen.slow)).toBeGreaterThan(10);
  });

  it('are told apart from values that are no ids', () => {
    const schema = {
      type: 'object',
      properties: { a: { type: ['string', 'null'], pattern: UUID } },
      required: ['a'],
      additionalProperties: false,
    };
    const look = lineForm({ schema, keyFields: [], keyTypes: [], idFields: ['a'] });
    const data = partOf([
      { a: 7 },
      { a: 'ABCDEF00-0000-4000-8000-000000000000' },
      { b: 1 },
      { a: null },
    ]);
    expect([...(look(data, lineEnds(data)).ids[0]?.states ?? [])]).toEqual([
      NOT_PACKED,
      NOT_PACKED,
      NO_ID,
      NO_ID,
    ]);
  });
});

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
