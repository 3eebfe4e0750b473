import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { Finding } from '../../src/outcome/finding.ts';
import { findingId, listFindings } from '../../src/report/findingList.ts';

const finding: fc.Arbitrary<Finding> = fc.record({
  rule: fc.constantFrom('type', 'reference', 'unique'),
  severity: fc.constantFrom('BLOCKER', 'WARNING', 'INFO'),
  module: fc.constantFrom('a', 'b'),
  field: fc.constantFrom('x', 'y', 'ä'),
  source: fc.record({
    table: fc.constantFrom('t', 'u'),
    row: fc.oneof(fc.integer({ min: 1, max: 20 }), fc.constant('9223372036854775807')),
  }),
  reason: fc.constant('because'),
});

function ids(list: readonly Finding[]): unknown[] {
  return list.map(({ id, rule }) => [id, rule]);
}

function at(row: number | string): Finding {
  const source = { table: 't', row };
  return { rule: 'type', severity: 'BLOCKER', module: 'm', source, reason: 'r' };
}

describe('the list of findings', () => {
  it('is the same whoever found what first', () => {
    fc.assert(
      fc.property(fc.array(finding), fc.infiniteStream(fc.nat()), (findings, keys) => {
        const shuffled = findings
          .map((one) => ({ one, key: keys.next().value ?? 0 }))
          .sort((a, b) => a.key - b.key)
          .map(({ one }) => one);
        expect(ids(listFindings(shuffled))).toEqual(ids(listFindings(findings)));
      }),
    );
  });

  it('orders rows as numbers, beyond 2^53 too', () => {
    const listed = listFindings([at('9223372036854775807'), at(10), at(9), at(-1)]);
    expect(listed.map(({ source }) => source?.row)).toEqual([-1, 9, 10, '9223372036854775807']);
  });

  it('gives two findings two ids, and one finding one, however much it weighs', () => {
    const one: Finding = {
      rule: 'type',
      severity: 'BLOCKER',
      module: 'm',
      field: 'f',
      source: { table: 't', row: 1 },
      reason: 'a',
    };
    expect(findingId({ ...one, severity: 'WARNING' })).toBe(findingId(one));
    expect(findingId({ ...one, reason: 'b' })).not.toBe(findingId(one));
    expect(findingId({ ...one, field: 'g' })).not.toBe(findingId(one));
    expect(findingId({ ...one, source: { table: 't', row: 2 } })).not.toBe(findingId(one));
    expect(findingId({ ...one, rule: 'scale' })).not.toBe(findingId(one));
    expect(findingId(one)).toMatch(/^[0-9a-f]{16}$/);
  });
});
