/** Envelopes: the vectors of docs/vectors/keys.json, strict reading, and what must not open. */

import { createCipheriv, createHmac } from 'node:crypto';

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { a1, a1KeyId, a1Length } from '../../src/crypto/a1.ts';
import { decodeBase64, encodeBase64, type Base64Form } from '../../src/crypto/base64.ts';
import { openCbc2 } from '../../src/crypto/cbc2.ts';
import { encryptionKey } from '../../src/crypto/encryptionKey.ts';
import { fernet } from '../../src/crypto/fernet.ts';
import { openGcm3, sealGcm3 } from '../../src/crypto/gcm3.ts';
import type { Opened } from '../../src/crypto/opened.ts';
import { counting, countingKey, keyOf } from './keys.ts';

const FERNET_KEY = 'cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4=';
const ROW = { table: 'model_keys', column: 'api_key', key: ['42'] };
const text = fc.string({ unit: 'grapheme' });
const bytes = (size: number): fc.Arbitrary<Uint8Array> =>
  fc.uint8Array({ minLength: size, maxLength: size });
const nonce = bytes(12);

/** The character after the first one in the order of base64: the same bits but the last, which is unused. */
function nextLetter(end: string): string {
  return String.fromCharCode(end.charCodeAt(0) + 1) + end.slice(1);
}

function at(first: number): { seconds: number; iv: Uint8Array } {
  return { seconds: 1_771_362_000, iv: counting(first, 16) };
}

/** The same bytes with one bit inverted. */
function flipped(sealed: Uint8Array, bit: number): Buffer<ArrayBuffer> {
  const copy = Buffer.from(sealed);
  copy[bit >> 3] = (copy[bit >> 3] ?? 0) ^ (1 << (bit & 7));
  return copy;
}

function isOpen(opened: Opened): boolean {
  return 'text' in opened;
}

describe('a1', () => {
  const key = countingKey(0);
  const cipher = a1(key);
  const PREFIX = `enc:v1:a1.${key.kid}.`;
  const sealed = cipher.seal(ROW, 'sk-test-0123456789', counting(0, 12));
  const body = Buffer.from(sealed.slice(PREFIX.length), 'base64url');

  it.each([
    [
      'sk-test-0123456789abcdefghijklmnop',
      'AAECAwQFBgcICQoLceUf4pfWCo1pIeI3PSPgsF7AKnjCSkHSv2I14ZS4WJSQFOfi8i0UFFS5pTbJBZ0c6rg',
    ],
    ['', 'AAECAwQFBgcICQoLQTSF21hxgQjtVyycrJIaRA'],
  ])('seals %j as its vector has it', (plaintext, expected) => {
    expect(cipher.kid).toBe('HgnAqVARejeBbCy3oT6ASA');
    expect(cipher.seal(ROW, plaintext, counting(0, 12))).toBe(PREFIX + expected);
    expect(cipher.open(ROW, PREFIX + expected)).toEqual({ text: plaintext });
  });

  it('gives back every text in its row, in an envelope of the stated length', () => {
    const row = fc.record({
      table: fc.string({ unit: 'grapheme', minLength: 1 }),
      column: fc.string({ unit: 'grapheme', minLength: 1 }),
      key: fc.array(fc.string({ unit: 'grapheme', minLength: 1 }), { minLength: 1 }),
    });
    fc.assert(
      fc.property(row, text, nonce, (place, plaintext, once) => {
        const envelope = cipher.seal(place, plaintext, once);
        expect(envelope).toHaveLength(a1Length(Buffer.byteLength(plaintext)));
        expect(a1KeyId(envelope)).toBe(key.kid);
        expect(cipher.open(place, envelope)).toEqual({ text: plaintext });
      }),
    );
  });

  it('keeps a byte order mark and a line feed at the ends', () => {
    const odd = '\ufeffsk \n';
    expect(cipher.open(ROW, cipher.seal(ROW, odd, counting(0, 12)))).toEqual({ text: odd });
  });

  it('refuses each one-bit change of its bytes', () => {
    for (let bit = 0; bit < body.length * 8; bit += 1) {
      const changed = PREFIX + flipped(body, bit).toString('base64url');
      expect(cipher.open(ROW, changed)).toEqual({ refused: 'not-authentic' });
    }
  });

  it.each([
    ['row', { ...ROW, key: ['43'] }],
    ['row whose key has more parts', { ...ROW, key: ['42', ''] }],
    ['row whose key is parted otherwise', { ...ROW, key: ['4', '2'] }],
    ['column', { ...ROW, column: 'api_kez' }],
    ['table', { ...ROW, table: 'model_key' }],
    ['place with the same letters', { table: 'model_keysa', column: 'pi_key', key: ['42'] }],
  ])('refuses an envelope that was moved to another %s', (_, place) => {
    expect(cipher.open(place, sealed)).toEqual({ refused: 'not-authentic' });
  });

  it('refuses each truncated tag, and each shorter envelope', () => {
    for (let length = 0; length < body.length; length += 1) {
      const cut = PREFIX + body.subarray(0, length).toString('base64url');
      const refused = length < 28 ? 'form' : 'not-authentic';
      expect(cipher.open(ROW, cut)).toEqual({ refused });
    }
  });

  it('sees a wrong key by its id, before it decrypts', () => {
    // The rest is not even base64.
    const other = a1(countingKey(1));
    expect(other.open(ROW, sealed)).toEqual({ refused: 'other-key' });
    expect(other.open(ROW, `${PREFIX}!`)).toEqual({ refused: 'other-key' });
    expect(cipher.open(ROW, `${PREFIX}!`)).toEqual({ refused: 'form' });
  });

  it('does not open under another key that claims its id', () => {
    const other = a1(countingKey(1));
    const renamed = sealed.replace(cipher.kid, other.kid);
    expect(other.open(ROW, renamed)).toEqual({ refused: 'not-authentic' });
  });

  it('does not open what was kept for a rollback as a cell, nor the other way', () => {
    const kept = a1(key, 'rollback');
    const original = 'enc:v1:gAAAAABp';
    const wrapped = kept.seal(ROW, original, counting(0, 12));
    expect(kept.open(ROW, wrapped)).toEqual({ text: original });
    expect(cipher.open(ROW, wrapped)).toEqual({ refused: 'not-authentic' });
    expect(kept.open(ROW, sealed)).toEqual({ refused: 'not-authentic' });
  });

  it.each([
    ['without a table', { ...ROW, table: '' }],
    ['without a column', { ...ROW, column: '' }],
    ['without a key', { ...ROW, key: [] }],
    ['with an empty key', { ...ROW, key: [''] }],
    ['with an empty key of two parts', { ...ROW, key: ['', ''] }],
  ])('refuses a row reference %s', (_, row) => {
    expect(() => cipher.seal(row, 'x', counting(0, 12))).toThrow('an empty row reference');
    expect(() => cipher.open(row, sealed)).toThrow('an empty row reference');
  });

  it('refuses half of a surrogate pair in the key and in the text, and other nonces', () => {
    const half = { ...ROW, key: ['\ud800'] };
    expect(() => cipher.seal(half, 'x', counting(0, 12))).toThrow('not Unicode');
    expect(() => cipher.seal(ROW, '\ud800', counting(0, 12))).toThrow('not Unicode');
    for (const size of [0, 11, 13, 16]) {
      expect(() => cipher.seal(ROW, 'x', counting(0, size))).toThrow('a nonce of');
    }
  });

  it.each([
    ['whitespace before it', ` ${sealed}`],
    ['a line feed after it', `${sealed}\n`],
    ['padding', `${sealed}=`],
    ['a character of the other alphabet', sealed.replace(/.$/, '+')],
    ['more after it', `${sealed}.A`],
    ['an id that is not canonical', sealed.replace(cipher.kid, cipher.kid.replace(/.$/, 'B'))],
    ['no dot after its id', sealed.replace(`${cipher.kid}.`, `${cipher.kid}A`)],
    ['a short id', sealed.replace(cipher.kid, cipher.kid.slice(1))],
    ['capitals in its prefix', sealed.replace('enc', 'ENC')],
  ])('does not read an envelope with %s', (_, envelope) => {
    expect(cipher.open(ROW, envelope)).toEqual({ refused: 'form' });
  });

  it('does not read an envelope whose last character is not canonical', () => {
    // One byte more than a multiple of three leaves four bits unused.
    const one = cipher.seal(ROW, 'x', counting(0, 12)).slice(0, -1);
    const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
    const last = letters.split('');
    const readable = last.filter((letter) => {
      const opened = cipher.open(ROW, one + letter);
      return !('refused' in opened && opened.refused === 'form');
    });
    expect(readable).toHaveLength(16);
  });
});

describe('fernet', () => {
  const cipher = fernet(keyOf(FERNET_KEY));
  const token = cipher.seal('sk-live', at(0));

  const VECTORS: readonly [string, number, string][] = [
    [
      'sk-test-0123456789abcdefghijklmnop',
      0,
      'gAAAAABplNbQAAECAwQFBgcICQoLDA0OD0ATTV5ieSeKPBOAG0M-hEBx8mRRURU5xhMhaVFSK6yVsIweXJtwOwppNmqxkDKseQ0I6W62FDfR1bHXP00daZeuyVtPNC55z1F5dwiSah6c',
    ],
    [
      'clé-🔑-ключ',
      0,
      'gAAAAABplNbQAAECAwQFBgcICQoLDA0ODxlY3ozf-escIDzlyC3JP8lP_uuSzZi2HsWc8Pj4B4VbGRidPCD5ZBSBpSfh9IGQtzHoHfJa2cRMPtdP6-lsvdE=',
    ],
    [
      'sk-live-abc \n',
      16,
      'gAAAAABplNbQEBESExQVFhcYGRobHB0eH78E-Xr2wFI_gg50PBRTHRw_NdEnSo9TDbfhbk2BcCN08UVwNOm1fkRCXGttfmce0w==',
    ],
  ];
  it.each(VECTORS)('seals %j as its vector has it', (plain, first, expected) => {
    expect(cipher.seal(plain, at(first))).toBe(expected);
    expect(cipher.open(expected)).toEqual({ text: plain });
  });

  it('gives back every text', () => {
    fc.assert(
      fc.property(text, bytes(16), fc.nat(), (plain, iv, seconds) => {
        expect(cipher.open(cipher.seal(plain, { iv, seconds }))).toEqual({ text: plain });
      }),
    );
  });

  it('refuses each one-bit change of its bytes', () => {
    const whole = Buffer.from(token, 'base64url');
    for (let bit = 0; bit < whole.length * 8; bit += 1) {
      const changed = encodeBase64(flipped(whole, bit), 'urlsafe');
      // The first byte is the version.
      expect(cipher.open(changed)).toEqual({ refused: bit < 8 ? 'form' : 'not-authentic' });
    }
  });

  it.each([
    ['a space before it', ` ${token}`],
    ['a line feed after it', `${token}\n`],
    ['a line feed inside', `${token.slice(0, 20)}\n${token.slice(20)}`],
    ['no padding', token.replace(/=+$/, '')],
    ['too little padding', token.replace(/=$/, '')],
    ['too much padding', `${token}=`],
    ['garbage after its padding', `${token}AAAA`],
    ['a character of the standard alphabet', token.replace(/[-_]/, '+')],
    ['its last character not canonical', token.replace(/.==$/, nextLetter)],
    ['half a token', token.slice(0, token.length / 2)],
    ['nothing', ''],
    ['its prefix', `enc:v1:${token}`],
  ])('does not read a token with %s', (_, spoilt) => {
    expect(spoilt).not.toBe(token);
    expect(cipher.open(spoilt)).toEqual({ refused: 'form' });
  });

  it('refuses the key of another', () => {
    expect(fernet(countingKey(0)).open(token)).toEqual({ refused: 'not-authentic' });
  });

  it('refuses bytes that are authentic, and not UTF-8 or not padded', () => {
    expect(cipher.open(forged(Buffer.from([0xff, 0xfe]), true))).toEqual({ refused: 'not-text' });
    expect(cipher.open(forged(Buffer.alloc(16, 17), false))).toEqual({ refused: 'padding' });
    expect(cipher.open(forged(Buffer.from('sk'), true))).toEqual({ text: 'sk' });
    expect(cipher.open(forged(Buffer.from('sk'), true, 1))).toEqual({ refused: 'form' });
  });

  /** A token with a valid MAC over any bytes. */
  function forged(plain: Uint8Array, padded: boolean, more = 0): string {
    const key = Buffer.from(FERNET_KEY, 'base64url');
    const block = createCipheriv('aes-128-cbc', key.subarray(16), Buffer.alloc(16));
    block.setAutoPadding(padded);
    const head = Buffer.from([0x80, ...Buffer.alloc(24)]);
    const signed = Buffer.concat([head, block.update(plain), block.final(), Buffer.alloc(more)]);
    const mac = createHmac('sha256', key.subarray(0, 16)).update(signed).digest();
    return encodeBase64(Buffer.concat([signed, mac]), 'urlsafe');
  }
});

describe('gcm3', () => {
  const key = encryptionKey('k1', Buffer.alloc(32, 0x0b), 'test');
  const sealed = sealGcm3(key, 'sk-test', counting(0, 12));

  it('seals and opens its vector', () => {
    expect(sealed).toBe('AAECAwQFBgcICQoL:Qfi/C6w0upgeKVzYRfsgig==:iAHivVSyFg==');
    expect(openGcm3(key, sealed)).toEqual({ text: 'sk-test' });
  });

  it('gives back every text', () => {
    fc.assert(
      fc.property(text, nonce, (plain, once) => {
        expect(openGcm3(key, sealGcm3(key, plain, once))).toEqual({ text: plain });
      }),
    );
  });

  it('refuses each one-bit change of its three parts', () => {
    const parts = sealed.split(':').map((part) => Buffer.from(part, 'base64'));
    for (const [index, part] of parts.entries()) {
      for (let bit = 0; bit < part.length * 8; bit += 1) {
        const changed = parts.with(index, flipped(part, bit)).map((one) => one.toString('base64'));
        expect(openGcm3(key, changed.join(':'))).toEqual({ refused: 'not-authentic' });
      }
    }
  });

  it('refuses another key and each truncated tag', () => {
    expect(openGcm3(countingKey(7), sealed)).toEqual({ refused: 'not-authentic' });
    const [iv = '', tag = '', ciphertext = ''] = sealed.split(':');
    for (const size of [0, 4, 8, 12, 13, 14, 15]) {
      const cut = Buffer.from(tag, 'base64').subarray(0, size).toString('base64');
      expect(openGcm3(key, [iv, cut, ciphertext].join(':'))).toEqual({ refused: 'form' });
    }
  });

  it.each([
    ['two parts', sealed.replace(/:[^:]*$/, '')],
    ['four parts', `${sealed}:`],
    ['a line feed after it', `${sealed}\n`],
    ['the URL-safe alphabet', sealed.replace(/[A-Za-z0-9](?=:)/, '_')],
    ['no padding', sealed.replace('==:', ':')],
  ])('does not read %s', (_, spoilt) => {
    expect(spoilt).not.toBe(sealed);
    expect(openGcm3(key, spoilt)).toEqual({ refused: 'form' });
  });
});

describe('cbc2', () => {
  const raw = Buffer.from(Array.from({ length: 32 }, (_, index) => index));
  const key = countingKey(0);
  const iv = Buffer.alloc(16, 5);
  const seal = (plain: Uint8Array): string => {
    const cipher = createCipheriv('aes-256-cbc', raw, iv);
    const ciphertext = Buffer.concat([cipher.update(plain), cipher.final()]);
    return `${iv.toString('hex')}:${ciphertext.toString('hex')}`;
  };

  it('gives back every text', () => {
    fc.assert(
      fc.property(text, (plain) => {
        expect(openCbc2(key, seal(Buffer.from(plain)))).toEqual({ text: plain });
      }),
    );
  });

  it('needs a valid padding and valid UTF-8', () => {
    expect(openCbc2(key, seal(Buffer.from([0xc3])))).toEqual({ refused: 'not-text' });
    expect(isOpen(openCbc2(countingKey(1), seal(Buffer.from('sk-test-0123456789'))))).toBe(false);
  });

  it.each([
    ['capitals', seal(Buffer.from('sk-test-0123456789')).toUpperCase()],
    ['half a block', seal(Buffer.from('sk')).slice(0, -2)],
    ['no ciphertext', `${iv.toString('hex')}:`],
    ['a short IV', seal(Buffer.from('sk')).slice(2)],
    ['a line feed after it', `${seal(Buffer.from('sk'))}\n`],
  ])('does not read %s', (_, spoilt) => {
    expect(openCbc2(key, spoilt)).toEqual({ refused: 'form' });
  });
});

describe('base64', () => {
  it.each<Base64Form>(['standard', 'urlsafe', 'unpadded'])(
    'accepts of all short texts those alone that it writes: %s',
    (form) => {
      fc.assert(
        fc.property(fc.uint8Array({ maxLength: 9 }), (some) => {
          const written = encodeBase64(Buffer.from(some), form);
          expect(decodeBase64(written, form)?.equals(some)).toBe(true);
        }),
      );
      fc.assert(
        fc.property(
          fc.string({ unit: fc.constantFrom(...'AQgwz09+/-_= \n'.split('')), maxLength: 8 }),
          (any) => {
            const read = decodeBase64(any, form);
            if (read !== null) expect(encodeBase64(read, form)).toBe(any);
          },
        ),
      );
    },
  );

  it.each(['QQ=', 'QQ', 'QR==', 'Q Q==', 'QQ==\n', 'QQ==QQ==', '_w==', '=', 'Q'])(
    'refuses %j',
    (spoilt) => {
      expect(decodeBase64(spoilt, 'standard')).toBeNull();
      expect(decodeBase64('QQ==', 'standard')).toEqual(Buffer.from('A'));
    },
  );
});
