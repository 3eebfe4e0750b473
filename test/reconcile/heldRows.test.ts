/** Rows that are held from one part to the next stay what they are, while the parts' memory is used again. */

import { describe, expect, it } from 'vitest';

import { DIGEST_LENGTH } from '../../src/merkle/hash.ts';
import type { SortedRows } from '../../src/reconcile/calls.ts';
import { heldRows, type Slice } from '../../src/reconcile/heldRows.ts';

/** Rows with keys of 1 to 5 bytes, in memory of their own. */
function part(first: number, count: number): SortedRows {
  const keys: number[] = [];
  const keyEnds = new Uint32Array(count);
  for (let row = 0; row < count; row += 1) {
    const key = Array<number>(((first + row) % 5) + 1).fill((first + row) % 251);
    keyEnds[row] = keys.push(...key);
  }
  const leaves = new Uint8Array(count * DIGEST_LENGTH).map((_, at) => (first + at) % 253);
  const locators = BigInt64Array.from({ length: count }, (_, row) => BigInt(first + row) << 33n);
  return { keys: Uint8Array.from(keys), keyEnds, leaves, locators };
}

function wipe({ keys, keyEnds, leaves, locators }: SortedRows): void {
  keys.fill(255);
  keyEnds.fill(7);
  leaves.fill(255);
  locators.fill(-1n);
}

/** What the rows are, one by one. */
function listed(slices: readonly Slice[]): unknown[] {
  return slices.flatMap(({ rows, from, to }) =>
    Array.from({ length: to - from }, (_, index) => {
      const row = from + index;
      const start = row === 0 ? 0 : (rows.keyEnds[row - 1] ?? 0);
      return {
        key: [...rows.keys.subarray(start, rows.keyEnds[row])],
        leaf: [...rows.leaves.subarray(row * DIGEST_LENGTH, (row + 1) * DIGEST_LENGTH)],
        locator: rows.locators[row],
      };
    }),
  );
}

/** Holds a slice of each part, wiping each part after it; `keeps` tells whether they are copied before. */
function held(keeps: boolean, rounds = 1): { before: unknown[]; after: unknown[] } {
  const rows = heldRows();
  const before: unknown[] = [];
  for (let round = 0; round < rounds; round += 1) {
    rows.empty();
    before.length = 0;
    // Larger and larger, so that the memory has to grow while rows are in it.
    for (const [first, count] of [
      [0, 5],
      [40, 300],
      [900, 3000],
    ] as const) {
      const one = part(first + round, count);
      const slice = { rows: one, from: 2, to: count - 1 };
      before.push(...listed([slice]));
      rows.add(slice);
      if (keeps) rows.keep();
      wipe(one);
    }
  }
  return { before, after: listed(rows.slices) };
}

describe('rows that are held', () => {
  it('are the same after the memory of their parts was used again', () => {
    const { before, after } = held(true);
    expect(before).toHaveLength(3305 - 9);
    expect(after).toEqual(before);
  });

  it('are the same in memory that an earlier range had', () => {
    const { before, after } = held(true, 3);
    expect(after).toEqual(before);
  });

  it('are views until they are kept (negative control)', () => {
    const { before, after } = held(false);
    expect(after).not.toEqual(before);
  });

  it('are forgotten', () => {
    const rows = heldRows();
    rows.add({ rows: part(0, 3), from: 0, to: 3 });
    rows.empty();
    expect(rows.slices).toEqual([]);
  });
});
