/** The quick test for numbers alone passes every number in which the search finds something. */

import { assert, bigInt, property } from 'fast-check';
import { describe, expect, it } from 'vitest';

import { mayHoldNumber } from '../../src/pii/bareNumber.ts';
import { findPii } from '../../src/pii/findPii.ts';
import { times } from '../kit/long.ts';

const RUNS = times('SEALIFT_BARE_NUMBERS', 2_000, 200_000);

describe('a number alone', () => {
  it.each([
    '4111111111111111',
    '378282246310005',
    '4222222222222',
    '30569309025904',
    '6759649826438453',
    '180010112345603',
    '65929970489',
  ])('%s passes if the search finds it', (text) => {
    expect(mayHoldNumber(text) || findPii(text).length === 0).toBe(true);
  });

  it('passes if the search finds something in it, whatever its length', () => {
    const numbers = bigInt({ min: -(10n ** 20n), max: 10n ** 20n });
    assert(
      property(numbers, bigInt({ min: 0n, max: 20n }), (number, digits) => {
        const text = String(number / 10n ** digits);
        expect(mayHoldNumber(text) || findPii(text).length === 0).toBe(true);
      }),
      { numRuns: RUNS },
    );
  });

  it('does not pass if it is short, an amount, or a long one without the check digit of a card', () => {
    for (const text of ['12', '23735.15', '-80912.5', '4111111111111112', '123456789012345678']) {
      expect(mayHoldNumber(text)).toBe(false);
    }
  });
});
