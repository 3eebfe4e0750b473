import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { shownId, shownKey } from '../../src/record/shownKey.ts';

const ID = '0190163d-8694-739b-aea5-966c26f8ad91';
const part = (value: unknown, kind: string, harmless = false) => ({ value, kind, harmless });

describe('the key of a record in a report', () => {
  it('is shown where it is made of numbers and UUIDs', () => {
    const parts = [
      part(-7, 'integer'),
      part('12345678901234567890', 'bigint'),
      part('1.50', 'decimal'),
      part(ID, 'uuid'),
      part(true, 'boolean'),
    ];
    expect(shownKey(parts)).toBe(`[-7,"12345678901234567890","1.50","${ID}",true]`);
  });

  it.each(['string', 'enum', 'date', 'time', 'timestamp', 'timestamptz', 'bytes', 'tagged'])(
    'is not shown where a part is of type %s, unless that is declared harmless',
    (kind) => {
      expect(shownKey([part(7, 'integer'), part('1974-03-02', kind)])).toBeUndefined();
      expect(shownKey([part(7, 'integer'), part('1974-03-02', kind, true)])).toBe(
        '[7,"1974-03-02"]',
      );
    },
  );

  it('shows no letters that stand where a number or UUID belongs, nor anything but a text', () => {
    fc.assert(
      fc.property(
        fc.jsonValue(),
        fc.constantFrom('integer', 'bigint', 'decimal', 'uuid'),
        (value, kind) => {
          const shown = shownKey([part(value, kind)]);
          if (shown === undefined || typeof value === 'boolean') return;
          expect(shown).toMatch(/^\["?-?[\d.e+-]+"?\]$/i);
        },
      ),
    );
    for (const value of [null, undefined, {}, { text: 'Anna' }, ['Anna']]) {
      expect(shownKey([part(value, 'string', true)])).toBeUndefined();
    }
  });

  it('is the UUID that was made for it, and nothing in its place', () => {
    expect(shownId(ID)).toBe(ID);
    for (const value of ['Anna', `${ID}\n`, ID.toUpperCase(), 7, null]) {
      expect(shownId(value)).toBeUndefined();
    }
  });
});
