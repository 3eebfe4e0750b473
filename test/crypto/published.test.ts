/** Published vectors: HKDF of RFC 5869, Fernet's own, Wycheproof's AES-GCM and HMAC. */

import { createSecretKey } from 'node:crypto';
import { readFileSync } from 'node:fs';

import { describe, expect, it } from 'vitest';

import { openGcm, sealGcm } from '../../src/crypto/aesGcm.ts';
import { fernet } from '../../src/crypto/fernet.ts';
import { hkdfSha256 } from '../../src/crypto/hkdf.ts';
import { hmacSha256 } from '../../src/crypto/plaintextMac.ts';
import { shared } from '../shared.ts';
import { counting, keyOf } from './keys.ts';

const hex = (text: string): Buffer => Buffer.from(text, 'hex');

describe('HKDF-SHA256', () => {
  it.each([
    [
      'A.1',
      Buffer.alloc(22, 0x0b),
      counting(0, 13),
      counting(0xf0, 10),
      '3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865',
    ],
    [
      'A.2',
      counting(0, 80),
      counting(0x60, 80),
      counting(0xb0, 80),
      'b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb41c65e590e09da3275600c2f09b8367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87',
    ],
    [
      'A.3',
      Buffer.alloc(22, 0x0b),
      Buffer.alloc(0),
      Buffer.alloc(0),
      '8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8',
    ],
  ])('gives the bytes of RFC 5869, %s', (_, key, salt, info, expected) => {
    const derived = hkdfSha256(key, salt, info, expected.length / 2);
    expect(derived.toString('hex')).toBe(expected);
    expect(hkdfSha256(createSecretKey(key), salt, info, 42)).toEqual(derived.subarray(0, 42));
  });
});

const SECRET = 'cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4=';
const HELLO =
  'gAAAAAAdwJ6wAAECAwQFBgcICQoLDA0ODy021cpGVWKZ_eEwCGM4BLLF_5CV9dOPmrhuVUPgJobwOz7JcbmrR64jVmpU4IwqDA==';

describe("Fernet's own vectors", () => {
  const cipher = fernet(keyOf(SECRET));

  it('are written and read', () => {
    const seconds = Date.parse('1985-10-26T01:20:00-07:00') / 1000;
    expect(cipher.seal('hello', { seconds, iv: counting(0, 16) })).toBe(HELLO);
    expect(cipher.open(HELLO)).toEqual({ text: 'hello' });
  });

  const start = 'gAAAAAAdwJ6xAAECAwQFBgcICQoLDA0OD';
  it.each([
    [
      'incorrect mac',
      `${start}3HkMATM5lFqGaerZ-fWPAl1-szkFVzXTuGb4hR8AKtwcaX1YdykQUFBQUFBQUFBQQ==`,
      'not-authentic',
    ],
    ['too short', `${start}3HkMATM5lFqGaerZ-fWPA==`, 'form'],
    [
      'invalid base64',
      '%%%%%%%%%%%%%AECAwQFBgcICQoLDA0OD3HkMATM5lFqGaerZ-fWPAl1-szkFVzXTuGb4hR8AKtwcaX1YdykRtfsH-p1YsUD2Q==',
      'form',
    ],
    [
      'payload size not multiple of block size',
      `${start}3HkMATM5lFqGaerZ-fWPOm73QeoCk9uGib28Xe5vz6oxq5nmxbx_v7mrfyudzUm`,
      'form',
    ],
    [
      'payload padding error',
      `${start}z4LEpdELGQAad7aNEHbf-JkLPIpuiYRLQ3RtXatOYREu2FWke6CnJNYIbkuKNqOhw==`,
      'padding',
    ],
    [
      'incorrect IV (causes padding error)',
      'gAAAAAAdwJ6xBQECAwQFBgcICQoLDA0OD3HkMATM5lFqGaerZ-fWPAkLhFLHpGtDBRLRTZeUfWgHSv49TF2AUEZ1TIvcZjK1zQ==',
      'padding',
    ],
    ['trailing characters after b64 padding', `${HELLO}trailingdata`, 'form'],
    [
      'invalid characters in b64',
      '*gAAAAAAdwJ6wAAECAwQFBgcI!CQoLDA0ODy021?cpGVWKZ_eEwC@GM4BLLF_5CV9dOPmrhuVUPgJobwOz7JcbmrR64jVmpU4IwqDA==',
      'form',
    ],
    [
      'invalid non-urlsafe characters in b64',
      'gAAAAAAdwJ6wAAEC/AwQFBgcICQoLDA0ODy+021cpGVWKZ_eEwCGM4BLLF_5CV9dOPmrhuVUPgJobwOz7JcbmrR64jVmpU4IwqDA==',
      'form',
    ],
  ])('are refused: %s', (_, token, refused) => {
    expect(cipher.open(token)).toEqual({ refused });
  });

  it.each([
    [
      'from the future',
      'gAAAAAAdwStRAAECAwQFBgcICQoLDA0OD3HkMATM5lFqGaerZ-fWPAnja1xKYyhd-Y6mSkTOyTGJmw2Xc2a6kBd-iX9b_qXQcw==',
    ],
    [
      'expired',
      'gAAAAAAdwJ6xAAECAwQFBgcICQoLDA0OD3HkMATM5lFqGaerZ-fWPAl1-szkFVzXTuGb4hR8AKtwcaX1YdykRtfsH-p1YsUD2Q==',
    ],
  ])('are read at rest, where their age means nothing: %s', (_, token) => {
    expect(cipher.open(token)).toEqual({ text: '' });
  });
});

describe('AES-256-GCM', () => {
  it('takes no tag but a whole one, although Node takes shorter ones', () => {
    const key = createSecretKey(counting(0, 32));
    const { ciphertext, tag } = sealGcm(key, counting(0, 12), 'sk');
    const open = (size: number): Buffer | null =>
      openGcm(key, counting(0, 12), { ciphertext, tag: tag.subarray(0, size) });
    expect(open(16)?.toString()).toBe('sk');
    for (let size = 0; size < 16; size += 1) expect(open(size)).toBeNull();
  });
});

interface Wycheproof<Group> {
  readonly testGroups: readonly Group[];
}

interface GcmGroup {
  readonly ivSize: number;
  readonly keySize: number;
  readonly tagSize: number;
  readonly tests: readonly {
    readonly tcId: number;
    readonly key: string;
    readonly iv: string;
    readonly aad: string;
    readonly msg: string;
    readonly ct: string;
    readonly tag: string;
    readonly result: 'valid' | 'invalid';
  }[];
}

interface HmacGroup {
  readonly tagSize: number;
  readonly tests: readonly {
    readonly tcId: number;
    readonly key: string;
    readonly msg: string;
    readonly tag: string;
    readonly result: 'valid' | 'invalid';
  }[];
}

const gcmFile = shared('vectors/wycheproof/testvectors_v1/aes_gcm_test.json');
const hmacFile = shared('vectors/wycheproof/testvectors_v1/hmac_sha256_test.json');

function read(file: string | null): unknown {
  return JSON.parse(readFileSync(file ?? '', 'utf8'));
}

describe.skipIf(gcmFile === null)("Wycheproof's AES-GCM", () => {
  it('opens and seals each valid vector, and opens no invalid one', () => {
    const groups = (read(gcmFile) as Wycheproof<GcmGroup>).testGroups.filter(
      ({ keySize }) => keySize === 256,
    );
    let opened = 0;
    let refused = 0;
    const wrong: number[] = [];
    for (const { ivSize, tests } of groups) {
      for (const { tcId, key, iv, aad, msg, ct, tag, result } of tests) {
        const secret = createSecretKey(hex(key));
        const sealed = { ciphertext: hex(ct), tag: hex(tag) };
        const plain = openGcm(secret, hex(iv), sealed, hex(aad));
        if (plain === null) refused += 1;
        else opened += 1;
        // Nonces of another length are refused, whatever they are worth elsewhere.
        const expected = result === 'valid' && ivSize === 96 ? msg : undefined;
        if (plain?.toString('hex') !== expected) wrong.push(tcId);
        if (expected === undefined) continue;
        const again = sealGcm(secret, hex(iv), hex(msg), hex(aad));
        if (again.ciphertext.toString('hex') !== ct || again.tag.toString('hex') !== tag) {
          wrong.push(tcId);
        }
      }
    }
    expect(wrong).toEqual([]);
    expect([opened > 30, refused > 30]).toEqual([true, true]);
  });
});

describe.skipIf(hmacFile === null)("Wycheproof's HMAC-SHA256", () => {
  it('gives each valid tag and no invalid one', () => {
    const wrong: number[] = [];
    let tried = 0;
    for (const { tagSize, tests } of (read(hmacFile) as Wycheproof<HmacGroup>).testGroups) {
      for (const { tcId, key, msg, tag, result } of tests) {
        tried += 1;
        const made = hmacSha256(createSecretKey(hex(key)), hex(msg)).subarray(0, tagSize / 8);
        if ((made.toString('hex') === tag) !== (result === 'valid')) wrong.push(tcId);
      }
    }
    expect(wrong).toEqual([]);
    expect(tried).toBeGreaterThan(150);
  });
});
