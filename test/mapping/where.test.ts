import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { Condition } from '../../src/mapping/model.ts';
import { cellTest, whereOf } from '../../src/mapping/compile/where.ts';
import { InexactNumber, InvalidText, JsonNode, type SourceValue } from '../../src/record/value.ts';

/** A rational, exactly: value × 2^1074 is an integer for every double. */
function scaled(value: number | bigint): bigint {
  if (typeof value === 'bigint') return value << 1074n;
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value);
  const bits = view.getBigUint64(0);
  const exponent = (bits >> 52n) & 0x7ffn;
  const fraction = bits & 0xfffffffffffffn;
  const magnitude = exponent === 0n ? fraction : (fraction | 0x10000000000000n) << (exponent - 1n);
  return bits >> 63n === 1n ? -magnitude : magnitude;
}

/** Below zero, zero, above zero, or null where there is no order: said plainly, exactly. */
function plainOrder(cell: SourceValue, bound: string | number): number | null {
  if (typeof cell === 'string' && typeof bound === 'string') {
    return Buffer.compare(Buffer.from(cell), Buffer.from(bound));
  }
  if (typeof bound === 'string' || (typeof cell !== 'number' && typeof cell !== 'bigint')) {
    return null;
  }
  if (cell === Infinity) return 1;
  if (cell === -Infinity) return -1;
  if (Number.isNaN(cell)) return null;
  const [a, b] = [scaled(cell), scaled(bound)];
  return a < b ? -1 : Number(a > b);
}

function plainly(condition: Condition, cell: SourceValue): boolean {
  const equals = (value: string | number): boolean => plainOrder(cell, value) === 0;
  if ('in' in condition) return condition.in.some(equals);
  if ('notIn' in condition) return !condition.notIn.some(equals);
  if ('isNull' in condition) return condition.isNull ? cell === null : cell !== null;
  const order = plainOrder(cell, 'atLeast' in condition ? condition.atLeast : condition.below);
  return order !== null && ('atLeast' in condition ? order >= 0 : order < 0);
}

const number = fc.oneof(
  fc.integer({ min: -3, max: 3 }),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.constantFrom(2 ** 53, 2 ** 53 + 2, -(2 ** 63), 0.5, -0, 1e300),
);
const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 2 }),
  fc.constantFrom('', '0', '1', '-1', '5', '\u{1F600}', '\uFF5E', 'a', 'ab'),
);
const bound = fc.oneof(number, text);
const cell: fc.Arbitrary<SourceValue> = fc.oneof(
  number,
  text,
  fc.constantFrom(null, true, false, NaN, Infinity, -Infinity),
  fc.constantFrom(2n ** 53n, 2n ** 53n + 1n, -(2n ** 63n), 10n ** 300n, 5n),
  fc.constantFrom(
    new InvalidText(Uint8Array.of(255)),
    Uint8Array.of(53),
    new JsonNode([]),
    new JsonNode(new InexactNumber('5.0000000000000000001')),
  ),
);
const list = fc.array(bound, { minLength: 1, maxLength: 4 });
const condition: fc.Arbitrary<Condition> = fc.oneof(
  list.map((values) => ({ column: 'c', in: values })),
  list.map((values) => ({ column: 'c', notIn: values })),
  fc.boolean().map((isNull) => ({ column: 'c', isNull })),
  bound.map((atLeast) => ({ column: 'c', atLeast })),
  bound.map((below) => ({ column: 'c', below })),
);

describe('a condition', () => {
  it('holds where its plain words do, for any cell', () => {
    const seen = new Set<string>();
    const property = fc.property(condition, cell, (of, value) => {
      const holds = cellTest(of)(value);
      seen.add(`${Object.keys(of)[1]} ${holds}`);
      expect(holds).toBe(plainly(of, value));
    });
    fc.assert(property, { numRuns: 5000 });
    expect(seen.size).toBe(10);
  });

  it.each<[Condition, SourceValue, boolean]>([
    [{ column: 'c', in: [5] }, '5', false],
    [{ column: 'c', in: ['5'] }, 5, false],
    [{ column: 'c', in: [5] }, 5n, true],
    [{ column: 'c', in: [2 ** 53] }, 2n ** 53n + 1n, false],
    [{ column: 'c', in: [0] }, -0, true],
    [{ column: 'c', in: [1] }, true, false],
    [{ column: 'c', notIn: ['x'] }, null, true],
    [{ column: 'c', atLeast: 0 }, null, false],
    [{ column: 'c', below: 0 }, null, false],
    [{ column: 'c', atLeast: 2 ** 53 }, 2n ** 53n + 1n, true],
    [{ column: 'c', below: 2 ** 53 }, 2n ** 53n - 1n, true],
    // UTF-16 would have it the other way round.
    [{ column: 'c', below: '\u{1F600}' }, '\uFF5E', true],
    [{ column: 'c', atLeast: '' }, '', true],
    [{ column: 'c', atLeast: '' }, 0, false],
  ])('%j of %s is %s', (of, value, expected) => {
    expect(cellTest(of)(value)).toBe(expected);
  });

  it('is one of several, which all have to hold', () => {
    const where: Condition[] = [
      { column: 'a', atLeast: 1 },
      { column: 'b', isNull: false },
      { column: 'a', below: 3 },
    ];
    const mapping = { module: 'm', source: { table: 't' }, key: [], fields: {}, where };
    const keeps = whereOf({ columns: ['b', 'a'], mapping: { ...mapping, id: { rule: 'keep' } } });
    expect([0, 1, 2, 3].map((a) => keeps?.(['x', a]))).toEqual([false, true, true, false]);
    expect(keeps?.([null, 2])).toBe(false);
    expect(whereOf({ columns: [], mapping: { ...mapping, where: [], id: { rule: 'keep' } } })).toBe(
      null,
    );
  });
});
