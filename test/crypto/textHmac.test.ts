/** HMACs of short texts: equal to those of `createHmac`, and to the vectors of RFC 4231. */

import { createHmac, createSecretKey } from 'node:crypto';

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { textHmac } from '../../src/crypto/textHmac.ts';

describe('textHmac', () => {
  it('gives what createHmac gives, for every key of a block and every text', () => {
    const key = fc.uint8Array({ minLength: 1, maxLength: 64 });
    const text = fc.string({ unit: 'grapheme', maxLength: 200 });
    // Around the length from which createHmac does it, in characters of up to three bytes.
    const long = fc
      .tuple(fc.constantFrom('a', 'é', '€', '𐍈'), fc.integer({ min: 500, max: 1100 }))
      .map(([unit, count]) => unit.repeat(count));
    const texts = fc.array(fc.oneof(text, long), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(key, texts, (bytes, several) => {
        const secret = createSecretKey(bytes);
        const [short, hex] = [textHmac(secret, 'base64url'), textHmac(secret, 'hex')];
        for (const one of several) {
          const expected = createHmac('sha256', bytes).update(one).digest();
          expect(short(one)).toBe(expected.toString('base64url'));
          expect(hex(one)).toBe(expected.toString('hex'));
        }
      }),
    );
  });

  it.each([
    [
      Buffer.alloc(20, 0x0b),
      'Hi There',
      'b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7',
    ],
    [
      Buffer.from('Jefe'),
      'what do ya want for nothing?',
      '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
    ],
  ])('gives the vectors of RFC 4231 (%#)', (key, text, expected) => {
    expect(textHmac(createSecretKey(key), 'hex')(text)).toBe(expected);
  });

  it('refuses a key that would have to be hashed first', () => {
    expect(() => textHmac(createSecretKey(Buffer.alloc(65, 1)), 'hex')).toThrow(RangeError);
  });
});
