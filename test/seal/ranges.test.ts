import { createHash } from 'node:crypto';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { RANGE_MAX, rangeCutter, type RangeEnd } from '../../src/seal/ranges.ts';

const digest = (bytes: Uint8Array): Buffer => createHash('sha256').update(bytes).digest();

/** Leaves that end a range now and then: every hundredth has twelve zero bits at its end. */
function leavesOf(names: readonly number[]): Buffer[] {
  return names.map((name) => {
    const leaf = digest(Buffer.from(String(name)));
    if (name % 100 === 0) leaf.writeUInt16BE(leaf.readUInt16BE(30) & 0xf000, 30);
    return leaf;
  });
}

function cut(leaves: readonly Buffer[], step = leaves.length): RangeEnd[] {
  const cutter = rangeCutter();
  const ranges: RangeEnd[] = [];
  for (let at = 0; at < leaves.length; at += Math.max(1, step)) {
    ranges.push(...cutter.push(Buffer.concat(leaves.slice(at, at + step))));
  }
  return [...ranges, ...cutter.finish()];
}

function leafEndingIn(end: number): Buffer {
  const leaf = Buffer.alloc(32, 0xff);
  leaf.writeUInt16BE(end, 30);
  return leaf;
}

/** The digest of so many leaves of sevens. */
function rangeDigest(count: number): string {
  return digest(Buffer.alloc(32 * count, 7)).toString('hex');
}

/** The rule as it is published, word by word. */
function published(leaves: readonly Buffer[]): RangeEnd[] {
  const ranges: RangeEnd[] = [];
  let open: Buffer[] = [];
  const end = (through: number): void => {
    if (open.length === 0) return;
    const hex = digest(Buffer.concat(open)).toString('hex');
    ranges.push({ count: open.length, digest: hex, through });
    open = [];
  };
  for (const [index, leaf] of leaves.entries()) {
    open.push(leaf);
    const bits = leaf.toString('hex').slice(-3);
    if (bits === '000' || open.length === 65_536) end(index + 1);
  }
  end(leaves.length);
  return ranges;
}

describe('ranges', () => {
  it('end where the rule says, however the leaves arrive', () => {
    const names = fc.array(fc.nat({ max: 5000 }), { maxLength: 400 });
    const property = fc.property(names, fc.integer({ min: 1, max: 90 }), (some, step) => {
      const leaves = leavesOf(some);
      expect(cut(leaves, step)).toEqual(published(leaves));
    });
    fc.assert(property, { numRuns: 200 });
  });

  it('look at twelve bits: eleven zeros do not end one', () => {
    const ends = [0xf800, 0xf000, 0x0800, 0x1001, 0x0000, 0x0fff];
    const counts = cut(ends.map(leafEndingIn)).map(({ count }) => count);
    expect(counts).toEqual([2, 3, 1]);
  });

  it('of a module without records are none', () => {
    expect(cut([])).toEqual([]);
  });

  it('change in one place when one record is inserted, removed or changed', () => {
    const names = Array.from({ length: 3000 }, (_, n) => n * 3 + 1);
    const before = cut(leavesOf(names));
    expect(before.length).toBeGreaterThan(20);
    const property = fc.property(fc.nat({ max: 2999 }), fc.constantFrom(0, 1), (at, removed) => {
      // 7 more than a hundred: no end of a range of its own.
      const after = cut(leavesOf(names.toSpliced(at, removed, 1_000_007)));
      const known = new Set(before.map((range) => range.digest));
      const fresh = after.filter((range) => !known.has(range.digest));
      // A record that ended a range takes the range behind it along.
      expect(fresh.length).toBe(1);
      expect(before.length - after.length).toBeLessThanOrEqual(removed);
    });
    fc.assert(property, { numRuns: 60 });
  });

  it('end after 65,536 records where no leaf ends them, and begin again there', () => {
    const leaf = Buffer.alloc(32, 7);
    const many = Array.from({ length: 2 * RANGE_MAX + 5 }, () => leaf);
    expect(RANGE_MAX).toBe(65_536);
    for (const step of [many.length, 65_536, 50_001]) {
      expect(cut(many, step)).toEqual([
        { count: 65_536, digest: rangeDigest(65_536), through: 65_536 },
        { count: 65_536, digest: rangeDigest(65_536), through: 131_072 },
        { count: 5, digest: rangeDigest(5), through: 131_077 },
      ]);
    }
    const exact = many.slice(0, RANGE_MAX);
    expect(cut(exact).map(({ count }) => count)).toEqual([65_536]);
  });
});
