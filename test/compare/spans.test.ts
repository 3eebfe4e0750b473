import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { differingSpans, type Bounded } from '../../src/compare/spans.ts';

/** Cuts the numbers behind each that is a boundary; a range's digest is its content. */
function cut(numbers: readonly number[], isEnd: (number: number) => boolean): Bounded[] {
  const ranges: Bounded[] = [];
  let open: number[] = [];
  for (const [at, number] of numbers.entries()) {
    open.push(number);
    if (!isEnd(number) && at < numbers.length - 1) continue;
    ranges.push({ last: Buffer.of(number), digest: open.join() });
    open = [];
  }
  return ranges;
}

function numbersOf(ranges: readonly Bounded[], [from, to]: readonly [number, number]): number[] {
  const all = ranges.slice(from, to).map(({ digest }) => digest);
  return all.flatMap((digest) => digest.split(',')).map(Number);
}

function differ(all: readonly number[], other: readonly number[]): number[] {
  return all.filter((number) => !other.includes(number));
}

/** The ends of ranges but the last one's. */
function endsInside(ranges: readonly Bounded[], [from, to]: readonly [number, number]): string[] {
  return ranges.slice(from, to - 1).map(({ last }) => Buffer.from(last).toString('hex'));
}

function isTen(number: number): boolean {
  return number % 10 === 0;
}

const numbers = fc
  .uniqueArray(fc.nat({ max: 60 }), { maxLength: 40 })
  .map((all) => all.sort((a, b) => a - b));

describe('the spans in which two lists of ranges differ', () => {
  it('hold all that differs, ascend, and have no common end inside', () => {
    let seen = 0;
    fc.assert(
      fc.property(numbers, numbers, fc.integer({ min: 2, max: 6 }), (left, right, modulus) => {
        const [a, b] = [left, right].map((all) => cut(all, (number) => number % modulus === 0));
        if (a === undefined || b === undefined) return;
        const found = [...differingSpans(a, b)];
        const inA = found.flatMap((span) => numbersOf(a, span.a));
        const inB = found.flatMap((span) => numbersOf(b, span.b));
        expect(differ(left, right).filter((number) => !new Set(inA).has(number))).toEqual([]);
        expect(differ(right, left).filter((number) => !new Set(inB).has(number))).toEqual([]);
        expect([...inA].sort((x, y) => x - y)).toEqual(inA);
        for (const span of found) {
          const ends = endsInside(b, span.b);
          expect(endsInside(a, span.a).filter((end) => ends.includes(end))).toEqual([]);
          expect(numbersOf(a, span.a)).not.toEqual(numbersOf(b, span.b));
          seen += 1;
        }
      }),
      { numRuns: 500 },
    );
    // Holds one or more a pair of lists, as a rule.
    expect(seen).toBeGreaterThan(250);
  });

  it('are none between equal lists, and one where all differs', () => {
    const a = cut([1, 2, 3, 4, 5], (number) => number % 2 === 0);
    const b = cut([11, 13, 15], (number) => number % 3 === 0);
    expect([...differingSpans(a, a)]).toEqual([]);
    expect([...differingSpans(a, b)]).toEqual([{ a: [0, 3], b: [0, 1] }]);
    expect([...differingSpans([], b)]).toEqual([{ a: [0, 0], b: [0, 1] }]);
    expect([...differingSpans([], [])]).toEqual([]);
  });

  it('are as short as one range for one record that was inserted', () => {
    const many = Array.from({ length: 60 }, (_, at) => at * 2);
    const found = [
      ...differingSpans(
        cut(many, isTen),
        cut([...many.slice(0, 18), 35, ...many.slice(18)], isTen),
      ),
    ];
    expect(found).toEqual([{ a: [4, 5], b: [4, 5] }]);
  });
});
