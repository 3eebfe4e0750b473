/**
 * Stored forms of values. Those of docs/vectors/treatments.json were made by Python's hmac, hashlib and
 * cryptography; test/docs/treatments.test.ts runs the programs of docs/treatments.md, which compute them again:
 *
 *   hmac.new(hkdf(bytes(range(32)), b'sealift:treatment:1 pseudonym'), b'EMAIL\0ada.ammann@example.ch', 'sha256')
 *   AESGCM(hkdf(…, b'sealift:treatment:1 encryption')).encrypt(nonce, b'"756.9217.0769.85"', b'["kunden",[17],…]')
 */

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { RawJson } from '../../src/record/converted.ts';
import { fingerprint } from '../../src/treatment/fingerprint.ts';
import { normalise } from '../../src/treatment/normalise.ts';
import { openStored } from '../../src/treatment/stored.ts';
import { treater } from '../../src/treatment/treat.ts';
import {
  treatedFieldFault,
  treatmentKeys,
  type Coarse,
  type Treatable,
  type TreatedField,
} from '../../src/treatment/treatment.ts';
import { fieldOf, KEYS, OTHER_KEYS, someClass, someKey, someText, someValue } from './treated.ts';

function treated(
  field: TreatedField,
  value: Treatable,
  key: readonly number[] = [],
): string | null {
  return treater(field, KEYS)(value, key);
}

describe('a pseudonym', () => {
  it('is the one that Python computes', () => {
    const stored = 'ps:1:mig-2025-1:ShvgJuclaKlNd3Y7GOJUSG';
    expect(treated(fieldOf('pseudonymised'), ' Ada.Ammann@Example.CH')).toBe(stored);
    expect(fingerprint(KEYS, 'EMAIL', 'ADA.Ammann@example.ch')).toBe('f:4a824378e08bdd3f');
  });

  it('is the same for the same value in any module, field and record', () => {
    fc.assert(
      fc.property(someClass, someValue, someKey, someText, (of, value, key, name) => {
        const here = treater(fieldOf('pseudonymised', { class: of }), KEYS)(value, []);
        const there = fieldOf('pseudonymised', { class: of, module: name, field: name });
        expect(treater(there, KEYS)(value, key)).toBe(here);
      }),
    );
  });

  it('is another for another value, class or key', () => {
    fc.assert(
      fc.property(someText, someText, (value, other) => {
        const field = fieldOf('pseudonymised');
        const pseudonym = treated(field, value);
        const same = normalise('EMAIL', value) === normalise('EMAIL', other);
        expect(treated(field, other) === pseudonym).toBe(same);
        expect(treated({ ...field, class: 'PERSON' }, value)).not.toBe(pseudonym);
        expect(treater(field, OTHER_KEYS)(value, [])).not.toBe(pseudonym);
        expect(treated({ ...field, treatment: 'hashed' }, value)?.slice(-22)).not.toBe(
          pseudonym?.slice(-22),
        );
      }),
    );
  });

  it('of a number, a boolean or a structure is that of its text', () => {
    const field = fieldOf('pseudonymised', { class: 'PERSON' });
    expect(treated(field, 1e21)).toBe(treated(field, '1000000000000000000000'));
    expect(treated(field, 0.0000001)).toBe(treated(field, '0.0000001'));
    expect(treated(field, true)).toBe(treated(field, 'true'));
    expect(treated(field, new RawJson('{"a":1}'))).toBe(treated(field, '{"a":1}'));
  });

  it('of a telephone number goes by the regions of its field', () => {
    const field = fieldOf('pseudonymised', { class: 'PHONE', regions: ['DE'] });
    expect(treated(field, '030 901820')).toBe(treated(field, '+49 30 901820'));
    expect(treated({ ...field, regions: ['US'] }, '030 901820')).not.toBe(
      treated(field, '+49 30 901820'),
    );
  });
});

describe('a hash', () => {
  it('is the one that Python computes, and another in another field or module', () => {
    const field = fieldOf('hashed');
    const stored = 'hs:1:mig-2025-1:LWANoTFGB8JKx0W24Jaec_';
    expect(treated(field, 'ada.ammann@example.ch')).toBe(stored);
    for (const more of [{ field: 'mail' }, { module: 'hunde' }, { class: 'PERSON' }]) {
      expect(treated({ ...field, ...more }, 'ada.ammann@example.ch')).not.toBe(stored);
    }
  });
});

/** The 12 bytes after the head, as 16 characters. */
function nonceOf(more: Partial<TreatedField>, value: Treatable, key: readonly number[]): string {
  const stored = treated({ ...fieldOf('encrypted'), ...more }, value, key) ?? '';
  return stored.slice('en:1:mig-2025-1:'.length).slice(0, 16);
}

describe('an encrypted value', () => {
  const field = fieldOf('encrypted');

  it('gives back every value in its place, and the same bytes each time', () => {
    fc.assert(
      fc.property(someValue, someKey, someText, someText, (value, key, module, name) => {
        const place = { ...field, module, field: name };
        const stored = treater(place, KEYS)(value, key) ?? '';
        expect(treater(place, KEYS)(value, key)).toBe(stored);
        expect(openStored(place, KEYS)(stored, key)).toEqual(value);
      }),
    );
  });

  it('has another nonce for every other value, record, field, module and class', () => {
    const nonces = [
      nonceOf({}, 'a', [1]),
      nonceOf({}, 'b', [1]),
      nonceOf({}, 'a', [2]),
      nonceOf({}, 'a', []),
      nonceOf({ field: 'mail' }, 'a', [1]),
      nonceOf({ module: 'hunde' }, 'a', [1]),
      nonceOf({ class: 'PERSON' }, 'a', [1]),
    ];
    expect(new Set(nonces).size).toBe(nonces.length);
  });

  it('keeps null inside a structure, and a structure that is null', () => {
    for (const text of ['null', '[null]', '{"__proto__":1}']) {
      const stored = treated(field, new RawJson(text)) ?? '';
      expect(openStored(field, KEYS)(stored, [])).toEqual(new RawJson(text));
    }
  });
});

describe('a masked value', () => {
  it.each([
    ['EMAIL', 'Ada.Ammann@example.ch', 'A**.******@*******.**'],
    ['PHONE', '+41 44 668 18 67', '+** ** *** ** 67'],
    ['IBAN', 'CH93 0076 2011 6238 5295 7', '**** **** **** **** *295 7'],
    ['CREDIT_CARD', '4111 1111 1111 1111', '**** **** **** 1111'],
    ['PERSON', 'Zoë', 'Z**'],
    ['PERSON', 'Z', '*'],
    ['PERSON', 'Zoe\u0308 𐍈', 'Z*** *'],
    ['PHONE', '117', '***'],
    ['PERSON', '- ☎ -', '- ☎ -'],
    ['PERSON', '', ''],
  ])('of %s %j is %j', (of, value, expected) => {
    expect(treated(fieldOf('masked', { class: of }), value)).toBe(expected);
  });

  it('keeps what its field says, of numbers too', () => {
    const field = fieldOf('masked', { mask: { first: 1, last: 2 } });
    expect(treated(field, -12345.5)).toBe('-1***5.5');
    expect(treated({ ...field, mask: { first: 0, last: 0 } }, 'Ada 9')).toBe('*** *');
  });

  it('stays when it is masked again', () => {
    const mask = fc.record({ first: fc.nat(3), last: fc.nat(3) });
    const text = fc.oneof(someText, fc.string({ unit: fc.constantFrom('a', '1', '*', '-') }));
    fc.assert(
      fc.property(mask, text, (one, value) => {
        const once = treated(fieldOf('masked', { mask: one }), value) ?? '';
        expect(treated(fieldOf('masked', { mask: one }), once)).toBe(once);
      }),
    );
  });
});

describe('a generalised value', () => {
  it.each<[Coarse, string | number, string | null]>([
    ['year', '1984-03-09', '1984'],
    ['month', '1984-03-09T23:59:59', '1984-03'],
    ['decade', '1984-03-09T23:59:59.123Z', '1980s'],
    ['year', '1984-03-09 00:00:00+02:00', '1984'],
    ['year', '1984-02-30', null],
    ['year', '09.03.1984', null],
    ['year', '1984', null],
    ['year', 1984, null],
    ['decade', '', null],
    [{ first: 2 }, '8001', '80'],
    [{ first: 2 }, 8001, '80'],
    [{ first: 2 }, '𐍈𐍈𐍈', '𐍈𐍈'],
    [{ first: 2 }, '8', '8'],
    [{ step: 10 }, 34, '30-39'],
    [{ step: 10 }, 0, '0-9'],
    [{ step: 10 }, '39.99', '30-39'],
    [{ step: 10 }, -3, '-10--1'],
    [{ step: 10 }, -10, '-10--1'],
    [{ step: 10 }, '-10.01', '-20--11'],
    [{ step: 10 }, '-0.50', '-10--1'],
    [{ step: 10 }, '-0.00', '0-9'],
    [{ step: 1 }, '7.5', '7-7'],
    [{ step: 1000 }, '123456789012345678901', '123456789012345678000-123456789012345678999'],
    [{ step: 10 }, 1e21, '1000000000000000000000-1000000000000000000009'],
    [{ step: 10 }, 'viele', null],
    [{ step: 10 }, '1e3', null],
    [{ step: 10 }, '9'.repeat(2000), null],
  ])('to %j of %j is %j', (to, value, expected) => {
    expect(treated(fieldOf('generalised', { to }), value)).toBe(expected);
  });

  it('of a number is a range that contains it', () => {
    fc.assert(
      fc.property(fc.maxSafeInteger(), fc.integer({ min: 1, max: 10_000 }), (value, step) => {
        const stored = treated(fieldOf('generalised', { to: { step } }), value) ?? '';
        const [, from, to] = /^(-?\d+)-(-?\d+)$/.exec(stored) ?? [];
        expect(BigInt(from ?? '') <= BigInt(value) && BigInt(value) <= BigInt(to ?? '')).toBe(true);
      }),
    );
  });
});

describe('what cannot be treated', () => {
  it('is a boolean or a structure of which a part should stay', () => {
    for (const value of [true, new RawJson('{"a":"Ada"}')]) {
      expect(treated(fieldOf('masked'), value)).toBe(null);
      expect(treated(fieldOf('generalised', { to: { first: 2 } }), value)).toBe(null);
    }
  });

  it('is text that is not well-formed, and a number that is none', () => {
    for (const treatment of ['pseudonymised', 'hashed', 'encrypted', 'masked'] as const) {
      expect(treated(fieldOf(treatment), 'a\ud800')).toBe(null);
      expect(treated(fieldOf(treatment), Number.NaN)).toBe(null);
    }
  });

  it('is a field without a proper key id, rule or key', () => {
    const wrong = [
      fieldOf('pseudonymised', { keyId: 'a:b' }),
      fieldOf('hashed', { keyId: '' }),
      fieldOf('generalised'),
      fieldOf('generalised', { to: { first: 0 } }),
      fieldOf('generalised', { to: { first: 1001 } }),
      fieldOf('generalised', { to: { step: 0.5 } }),
      fieldOf('masked', { mask: { first: -1, last: 0 } }),
    ];
    for (const field of wrong) {
      expect(treatedFieldFault(field)).toMatch(/^(its|it|"first"|"step") /);
      expect(() => treater(field, KEYS)).toThrow(TypeError);
    }
    expect(() => treater(fieldOf('encrypted'), null)).toThrow(TypeError);
    expect(() => treatmentKeys(new Uint8Array(31).fill(1))).toThrow(RangeError);
    expect(treater(fieldOf('masked'), null)('Ada', [])).toBe('A**');
  });

  it('leaves the project key as it was', () => {
    const key = Uint8Array.from({ length: 32 }, (_, index) => index);
    treatmentKeys(key);
    expect(key[31]).toBe(31);
  });
});
