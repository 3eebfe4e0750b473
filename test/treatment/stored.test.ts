/** Judging stored forms: what the treatments make is accepted, and what was changed, cut or moved is not. */

import { createCipheriv } from 'node:crypto';

import * as fc from 'fast-check';
import { RE2JS } from 're2js';
import { describe, expect, it } from 'vitest';

import { sealGcm } from '../../src/crypto/aesGcm.ts';
import { openStored, storedFault, storedPattern } from '../../src/treatment/stored.ts';
import { treater } from '../../src/treatment/treat.ts';
import type { TreatedField } from '../../src/treatment/treatment.ts';
import { cellCipher } from '../../src/treatment/cellCipher.ts';
import { fieldOf, KEYS, OTHER_KEYS, someKey, someText, someValue } from './treated.ts';

const FIELDS: readonly TreatedField[] = [
  fieldOf('pseudonymised', { keyId: 'mig.2025' }),
  fieldOf('hashed'),
  fieldOf('encrypted'),
  fieldOf('masked'),
  fieldOf('masked', { mask: { first: 1, last: 3 } }),
  fieldOf('generalised', { to: 'year' }),
  fieldOf('generalised', { to: 'month' }),
  fieldOf('generalised', { to: 'decade' }),
  fieldOf('generalised', { to: { first: 3 } }),
  fieldOf('generalised', { to: { step: 10 } }),
];
const VALUE = '1984-03-09';

/** A stored value of each field; of a number, where it is generalised to a range. */
function storedOf(field: TreatedField): string {
  const number = typeof field.to === 'object' && 'step' in field.to;
  return treater(field, KEYS)(number ? -34 : VALUE, [1]) ?? '';
}

const named = FIELDS.map(
  (field) => [`${field.treatment} ${JSON.stringify(field.to)}`, field] as const,
);

describe('a stored value', () => {
  it('is accepted as the treatments make it, by its pattern in RE2 as well', () => {
    const anything = fc.oneof(someValue, fc.constantFrom(VALUE, '7.25', '-3'));
    fc.assert(
      fc.property(fc.constantFrom(...FIELDS), anything, someKey, (field, value, key) => {
        const stored = treater(field, KEYS)(value, key);
        if (stored === null) return;
        expect(storedFault(field, KEYS)(stored, key)).toBe(null);
        const pattern = storedPattern(field);
        expect(pattern === null).toBe(field.treatment === 'masked');
        if (pattern === null) return;
        expect(RE2JS.compile(pattern).matches(stored)).toBe(true);
        expect(new RegExp(pattern, 'u').test(stored)).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  it.each(named)('is never the value itself, nor no text, where it is %s', (_, field) => {
    const judge = storedFault(field, KEYS);
    expect(judge(storedOf(field), [1])).toBe(null);
    for (const none of [null, undefined, 34, true, {}])
      expect(judge(none, [1])).toBe('it is not text');
    expect(judge(VALUE, [1])).not.toBe(null);
  });

  it.each(named.filter(([, { treatment, to }]) => treatment !== 'masked' && !isFirst(to)))(
    'is not accepted once it is cut or lengthened, where it is %s',
    (_, field) => {
      const stored = storedOf(field);
      const judge = storedFault(field, KEYS);
      for (let end = 0; end < stored.length; end += 1) {
        expect(judge(stored.slice(0, end), [1])).not.toBe(null);
        expect(judge(stored.slice(end + 1), [1])).not.toBe(null);
      }
      for (const more of ['A', '=', '\n', ' ']) expect(judge(stored + more, [1])).not.toBe(null);
    },
  );
});

function isFirst(to: TreatedField['to']): boolean {
  return typeof to === 'object' && 'first' in to;
}

describe('a pseudonym or hash', () => {
  it('names the key of its field, in its own form', () => {
    const field = fieldOf('pseudonymised');
    const stored = storedOf(field);
    const judge = storedFault(field, null);
    expect(judge(stored, [])).toBe(null);
    expect(judge(stored.replace('2025', '2024'), [])).toBe('it names another key');
    expect(judge(stored.replace('ps:', 'hs:'), [])).toBe('it is not in the form of a pseudonym');
    expect(judge(stored.replace(':1:', ':2:'), [])).toBe('it is not in the form of a pseudonym');
    expect(storedFault(fieldOf('hashed'), null)('x', [])).toBe('it is not in the form of a hash');
  });

  it('is not accepted where a point of the key id is another character', () => {
    const field = fieldOf('pseudonymised', { keyId: 'a.b' });
    const stored = treater(field, KEYS)('x', []) ?? '';
    expect(storedFault(field, null)(stored.replace('a.b', 'a-b'), [])).toBe('it names another key');
    expect(storedPattern(field)).toBe('^ps:1:a\\.b:[A-Za-z0-9_-]{22}$');
  });
});

/** What the cipher makes of any text, in the place of record 1. */
function seal(json: string): string {
  return `en:1:mig-2025-1:${cellCipher(fieldOf('encrypted'), KEYS).seal(json, [1])}`;
}

const SHUT = 'it cannot be decrypted with the key';

describe('an encrypted value', () => {
  const field = fieldOf('encrypted');
  const judge = storedFault(field, KEYS);
  const stored = treater(field, KEYS)('ada@example.ch', [1, 'a']) ?? '';

  it('is not accepted once any character is another one', () => {
    fc.assert(
      fc.property(
        someValue,
        someKey,
        fc.nat(),
        fc.integer({ min: 1, max: 127 }),
        (value, key, at, by) => {
          const text = treater(field, KEYS)(value, key) ?? '';
          const bytes = Buffer.from(text);
          const place = at % bytes.length;
          bytes[place] = (bytes[place] ?? 0) ^ by;
          expect(judge(text, key)).toBe(null);
          expect(judge(bytes.toString('latin1'), key)).not.toBe(null);
          expect(openStored(field, KEYS)(bytes.toString('latin1'), key)).toBe(null);
        },
      ),
      { numRuns: 500 },
    );
  });

  it('is not accepted once any of its bytes is another one', () => {
    const head = 'en:1:mig-2025-1:';
    const sealed = Buffer.from(stored.slice(head.length), 'base64url');
    for (let at = 0; at < sealed.length; at += 1) {
      const changed = Buffer.from(sealed);
      changed[at] = (changed[at] ?? 0) ^ 1;
      expect(judge(head + changed.toString('base64url'), [1, 'a'])).toBe(SHUT);
    }
  });

  it('is not accepted in another record, field, module or class, or under another key', () => {
    expect(judge(stored, [1, 'a'])).toBe(null);
    expect(judge(stored, [1, 'b'])).toBe(SHUT);
    expect(judge(stored, ['1', 'a'])).toBe(SHUT);
    expect(judge(stored, [])).toBe(SHUT);
    for (const more of [{ field: 'mail' }, { module: 'hunde' }, { class: 'PERSON' }]) {
      expect(storedFault({ ...field, ...more }, KEYS)(stored, [1, 'a'])).toBe(SHUT);
    }
    expect(storedFault(field, OTHER_KEYS)(stored, [1, 'a'])).toBe(SHUT);
    expect(storedFault({ ...field, keyId: 'mig-2' }, KEYS)(stored, [1, 'a'])).toBe(
      'it names another key',
    );
  });

  it('is judged by its form alone where there are no keys', () => {
    const form = storedFault(field, null);
    expect(form(stored, [])).toBe(null);
    const fault = 'it is not in the form of an encrypted value';
    expect(form(stored.slice(0, 50), [])).toBe(fault);
    expect(form(`en:1:mig-2025-1:${'A'.repeat(42)}B`, [])).toBe(fault);
    expect(form(`en:1:mig-2025-1:${'A'.repeat(41)}`, [])).toBe(fault);
    expect(form(`en:1:mig-2025-1:${'A'.repeat(42)}A`, [])).toBe(null);
  });

  it('may be long, as any text that is judged', () => {
    const long = 'A'.repeat(20_000_000);
    expect(judge(`en:1:mig-2025-1:${long}`, [])).toBe(SHUT);
    expect(judge(`en:1:mig-2025-1:${long}!`, [])).toBe(
      'it is not in the form of an encrypted value',
    );
    for (const text of ['A'.repeat(1_000_000), `${'9'.repeat(1_000_000)}-9`]) {
      for (const other of FIELDS) expect(storedFault(other, KEYS)(text, [])).not.toBe(null);
    }
  });

  it('has to hold a value of a record, in canonical JSON', () => {
    expect(judge(seal('"a"'), [1])).toBe(null);
    for (const json of ['"a" ', '{"b":1,"a":1}', 'ada', '1.0', '"\\ud800"', '{"a":1,"a":1}']) {
      expect(judge(seal(json), [1])).toBe('what is encrypted is not a value of a record');
    }
  });

  it('has to have the nonce of its value, so that equal data give equal bytes', () => {
    const nonce = Buffer.alloc(12, 7);
    const place = Buffer.from('["kunden",[1],"email","EMAIL"]');
    const { ciphertext, tag } = sealGcm(KEYS.encryption, nonce, '"a"', place);
    const body = Buffer.concat([nonce, ciphertext, tag]).toString('base64url');
    expect(judge(`en:1:mig-2025-1:${body}`, [1])).toBe(SHUT);
    // The bytes open with the cipher alone, so it is the nonce that is refused.
    const cipher = createCipheriv('aes-256-gcm', KEYS.encryption, nonce).setAAD(place);
    expect(cipher.update('"a"', 'utf8')).toEqual(ciphertext);
  });

  it('is all that is opened', () => {
    const other = fieldOf('pseudonymised');
    expect(openStored(other, KEYS)(storedOf(other), [1])).toBe(null);
  });
});

describe('a masked value', () => {
  it('shows nothing but what its mask lets stay', () => {
    const judge = storedFault(fieldOf('masked', { mask: { first: 1, last: 2 } }), null);
    for (const fine of ['a***bc', '(a) ***-bc', '******', '', '***', '+'])
      expect(judge(fine, [])).toBe(null);
    for (const wrong of ['aa**bc', 'a**1bc', 'a*bc', 'abc', 'a', 'é*ü*bc', '*a**bc']) {
      expect(judge(wrong, [])).toBe('it shows letters or digits that its mask hides');
    }
  });

  it('is never a text with at least one more letter than may stay', () => {
    fc.assert(
      fc.property(someText, (text) => {
        const letters = text.match(/[\p{L}\p{M}\p{N}]/gu)?.length ?? 0;
        const fault = storedFault(fieldOf('masked'), null)(text, []);
        if (letters > 1) expect(fault).not.toBe(null);
      }),
    );
  });
});

describe('a generalised value', () => {
  it.each([
    [{ step: 10 }, '30-39', null],
    [{ step: 10 }, '-10--1', null],
    [{ step: 10 }, '30-40', 'it is not a range of its step'],
    [{ step: 10 }, '31-40', 'it is not a range of its step'],
    [{ step: 10 }, '030-039', 'it is not in the form of a range'],
    [{ step: 10 }, '34', 'it is not in the form of a range'],
    [{ step: 10 }, `${'9'.repeat(5000)}-9`, 'it is not in the form of a range'],
    ['year' as const, '1984-03-09', 'it is not in the form of a generalised value'],
    ['month' as const, '1984-13', 'it is not in the form of a generalised value'],
    [{ first: 2 }, '8001', 'it is not in the form of a generalised value'],
    [{ first: 2 }, '𐍈\n', null],
  ])('to %j is judged: %j', (to, stored, expected) => {
    expect(storedFault(fieldOf('generalised', { to }), null)(stored, [])).toBe(expected);
  });
});
