/** Ed25519: published vectors, keys that prove nothing, and what a key shows of itself. */

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { inspect } from 'node:util';

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { newSigningKey, verifyingKey } from '../../src/crypto/ed25519.ts';
import { shared } from '../shared.ts';
import { countingSigner } from './signingKeys.ts';

const hex = (text: string): Buffer => Buffer.from(text, 'hex');

/** RFC 8032 §7.1. */
const RFC = [
  {
    name: 'TEST 1',
    seed: '9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60',
    key: 'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a',
    message: '',
    signature:
      'e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b',
  },
  {
    name: 'TEST 2',
    seed: '4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb',
    key: '3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c',
    message: '72',
    signature:
      '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00',
  },
];

describe('a signing key', () => {
  it.each(RFC)('signs as RFC 8032 has it, $name', ({ seed, key, message, signature }) => {
    const signer = newSigningKey(hex(seed));
    expect(signer.verifying.bytes.toString('hex')).toBe(key);
    expect(signer.sign(hex(message)).toString('hex')).toBe(signature);
    expect(signer.verifying.verify(hex(message), hex(signature))).toBe(true);
    expect(signer.verifying.verify(hex(`${message}00`), hex(signature))).toBe(false);
  });

  it('wipes its seed and shows nothing of it', () => {
    const seed = Buffer.from(RFC[0]?.seed ?? '', 'hex');
    const key = newSigningKey(seed);
    expect(seed.every((byte) => byte === 0)).toBe(true);
    const shown = `${inspect(key, { depth: 9, showHidden: true })}${JSON.stringify(key)}`;
    for (const secret of [hex(RFC[0]?.seed ?? '').toString('base64'), RFC[0]?.seed ?? '']) {
      expect(shown).not.toContain(secret.slice(0, 16));
    }
    expect(() => newSigningKey(Buffer.alloc(31))).toThrow(RangeError);
  });

  it('has an id that other keys do not have', () => {
    expect(countingSigner(1).verifying.id).toMatch(/^[0-9a-f]{64}$/);
    expect(countingSigner(1).verifying.id).not.toBe(countingSigner(2).verifying.id);
  });

  it('verifies what it signs, and nothing else (property)', () => {
    const text = fc.uint8Array({ maxLength: 200 });
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), text, text, (seed, a, b) => {
        const key = newSigningKey(seed);
        const signature = key.sign(a);
        expect(key.verifying.verify(a, signature)).toBe(true);
        expect(key.verifying.verify(b, signature)).toBe(Buffer.compare(a, b) === 0);
      }),
    );
  });

  it('refuses a signature with any bit changed', () => {
    const signer = countingSigner(1);
    const message = Buffer.from('{"a":1}');
    const signature = signer.sign(message);
    for (let bit = 0; bit < 512; bit += 1) {
      const changed = Buffer.from(signature);
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(signer.verifying.verify(message, changed)).toBe(false);
    }
  });
});

const P = 2n ** 255n - 19n;
const L = 2n ** 252n + 27742317777372353535851937790883648493n;
const mod = (value: bigint): bigint => ((value % P) + P) % P;

function power(base: bigint, exponent: bigint): bigint {
  let [result, square] = [1n, mod(base)];
  for (let left = exponent; left > 0n; left >>= 1n) {
    if (left & 1n) result = mod(result * square);
    square = mod(square * square);
  }
  return result;
}

/** The inverse modulo P, by Euclid's algorithm. */
function inverse(value: bigint): bigint {
  let [a, b, x, y] = [P, mod(value), 0n, 1n];
  while (b > 0n) [a, b, x, y] = [b, a % b, y, x - (a / b) * y];
  return mod(x);
}

const D = mod(-121665n * inverse(121666n));

type Point = readonly [x: bigint, y: bigint];

/** Edwards addition, RFC 8032 §5.1. */
function add([x1, y1]: Point, [x2, y2]: Point): Point {
  const product = mod(D * x1 * x2 * y1 * y2);
  return [
    mod((x1 * y2 + x2 * y1) * inverse(1n + product)),
    mod((y1 * y2 + x1 * x2) * inverse(1n - product)),
  ];
}

/** Decodes y with x of this sign; null if it is not on the curve. */
function pointOf(y: bigint, sign: bigint): Point | null {
  const square = mod((y * y - 1n) * inverse(D * y * y + 1n));
  let x = power(square, (P + 3n) / 8n);
  if (mod(x * x) !== square) x = mod(x * power(2n, (P - 1n) / 4n));
  if (mod(x * x) !== square) return null;
  return [(x & 1n) === sign ? x : mod(-x), mod(y)];
}

function encoded(y: bigint, sign: bigint): Buffer {
  return Buffer.from(((sign << 255n) | y).toString(16).padStart(64, '0'), 'hex').reverse();
}

const ZERO: Point = [0n, 1n];
const BASE: Point = pointOf(mod(4n * inverse(5n)), 0n) ?? ZERO;

function times(count: bigint, point: Point): Point {
  let [sum, double]: [Point, Point] = [ZERO, point];
  for (let left = count; left > 0n; left >>= 1n) {
    if (left & 1n) sum = add(sum, double);
    double = add(double, double);
  }
  return sum;
}

/** The eight points whose order divides 8: multiples of one, which is L times a point of the curve. */
function smallOrder(): Point[] {
  for (let y = 2n; ; y += 1n) {
    const point = pointOf(y, 0n);
    const generator = point === null ? ZERO : times(L, point);
    const points = Array.from({ length: 8 }, (_, count) => times(BigInt(count), generator));
    if (new Set(points.map(String)).size === 8) return points;
  }
}

/** Verifies as RFC 8032 §5.1.7 says, [S]B = R + [h]A, with nothing else compared. */
function verifiesByEquation(a: Buffer, message: Buffer, signature: Buffer): boolean {
  const [r, s] = [signature.subarray(0, 32), signature.subarray(32)];
  const [key, first] = [decoded(a), decoded(r)];
  const h = createHash('sha512').update(r).update(a).update(message).digest();
  const right = add(first, times(littleEndian(h) % L, key));
  return String(times(littleEndian(s), BASE)) === String(right);
}

const littleEndian = (bytes: Buffer): bigint =>
  BigInt(`0x${Buffer.from(bytes).reverse().toString('hex')}`);

function decoded(bytes: Buffer): Point {
  const value = littleEndian(bytes);
  const point = pointOf(value & (2n ** 255n - 1n), value >> 255n);
  if (point === null) throw new Error('not on the curve');
  return point;
}

describe('a verifying key', () => {
  it('is refused if its order is small: there are eight such points, in each encoding', () => {
    const encodings: Buffer[] = [];
    for (const [x, y] of smallOrder()) {
      for (const value of y + P < 2n ** 255n ? [y, y + P] : [y]) {
        for (const sign of x === 0n ? [0n, 1n] : [x & 1n]) encodings.push(encoded(value, sign));
      }
    }
    const distinct = new Set(encodings.map((bytes) => bytes.toString('hex')));
    // Eight, two more as −0 is a spelling of x = 0, four more as 0 and 1 are also p and p + 1.
    expect(distinct.size).toBe(14);
    for (const bytes of encodings) expect(verifyingKey(bytes)).toBeNull();
  });

  it('is refused if y is not reduced, whatever its order', () => {
    let refused = 0;
    for (let y = P; y < 2n ** 255n; y += 1n) {
      for (const sign of [0n, 1n]) {
        expect(verifyingKey(encoded(y, sign))).toBeNull();
        refused += 1;
      }
    }
    expect(refused).toBe(38);
    expect(verifyingKey(encoded(P - 2n, 0n))).not.toBeNull();
  });

  it('needs that refusal: the equation accepts what no key has signed (negative control)', () => {
    // Key: the neutral point. S = 1, so that R is the base point, whatever the message.
    const neutral = encoded(1n, 0n);
    const forged = Buffer.concat([encoded(BASE[1], BASE[0] & 1n), encoded(1n, 0n)]);
    for (const message of ['one', 'another']) {
      // OpenSSL refuses it since 3.5; a Node with an older one has to, too.
      expect(verifiesByEquation(neutral, Buffer.from(message), forged)).toBe(true);
    }
    expect(verifyingKey(neutral)).toBeNull();
    // Its arithmetic agrees with OpenSSL's on a signature that is one.
    const signer = countingSigner(1);
    const signature = signer.sign(Buffer.from('one'));
    expect(verifiesByEquation(signer.verifying.bytes, Buffer.from('one'), signature)).toBe(true);
    expect(verifiesByEquation(signer.verifying.bytes, Buffer.from('another'), signature)).toBe(
      false,
    );
  });

  it('is refused at any other length', () => {
    const { bytes } = countingSigner(1).verifying;
    expect(verifyingKey(bytes)?.id).toBe(countingSigner(1).verifying.id);
    expect(verifyingKey(bytes.subarray(1))).toBeNull();
    expect(verifyingKey(Buffer.concat([bytes, bytes]))).toBeNull();
  });

  it('refuses S + L, which is the same number to a verifier that does not compare it', () => {
    const signer = countingSigner(1);
    const signature = signer.sign(Buffer.from('x'));
    const s = littleEndian(signature.subarray(32));
    const other = Buffer.concat([signature.subarray(0, 32), encoded(s + L, 0n)]);
    expect(signer.verifying.verify(Buffer.from('x'), signature)).toBe(true);
    expect(signer.verifying.verify(Buffer.from('x'), other)).toBe(false);
  });
});

interface Wycheproof {
  readonly testGroups: readonly {
    readonly publicKey: { readonly pk: string };
    readonly tests: readonly {
      readonly tcId: number;
      readonly msg: string;
      readonly sig: string;
      readonly result: 'valid' | 'invalid';
    }[];
  }[];
}

const file = shared('vectors/wycheproof/testvectors_v1/ed25519_test.json');

describe.skipIf(file === null)("Wycheproof's Ed25519", () => {
  it('is judged as published: 151 signatures', () => {
    const { testGroups } = JSON.parse(readFileSync(file ?? '', 'utf8')) as Wycheproof;
    const judged = { valid: 0, invalid: 0 };
    for (const { publicKey, tests } of testGroups) {
      const key = verifyingKey(hex(publicKey.pk));
      for (const { tcId, msg, sig, result } of tests) {
        const isValid = key?.verify(hex(msg), hex(sig)) ?? false;
        expect({ tcId, result: isValid ? 'valid' : 'invalid' }).toEqual({ tcId, result });
        judged[result] += 1;
      }
    }
    expect(judged.valid + judged.invalid).toBe(151);
    expect(judged.valid).toBeGreaterThan(50);
    expect(judged.invalid).toBeGreaterThan(50);
  });
});
