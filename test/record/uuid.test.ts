/** UUIDs and the SHA-1 that makes them, against the runtime's own. */

import { createHash } from 'node:crypto';

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { compressBlock, ONE_BLOCK } from '../../src/record/sha1.ts';
import {
  isUuid,
  packUuid,
  uuidBytes,
  uuidV5,
  uuidV5OfBytes,
  uuidWords,
} from '../../src/record/uuid.ts';

const NAMESPACE = '6ba7b811-9dad-11d1-80b4-00c04fd430c8';

/** RFC 9562 §5.5, said plainly. */
function expected(name: Uint8Array): string {
  const digest = createHash('sha1').update(uuidBytes(NAMESPACE)).update(name).digest();
  digest[6] = ((digest[6] ?? 0) & 0x0f) | 0x50;
  digest[8] = ((digest[8] ?? 0) & 0x3f) | 0x80;
  const hex = digest.toString('hex');
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    hex.slice(12, 16),
    hex.slice(16, 20),
    hex.slice(20, 32),
  ].join('-');
}

function sha1OfBlock(message: Uint8Array): string {
  const block = Buffer.alloc(64);
  block.set(message);
  block[message.length] = 0x80;
  block.writeUInt32BE(message.length * 8, 60);
  const words = Int32Array.from({ length: 16 }, (_, at) => block.readInt32BE(at * 4));
  const digest = new Int32Array(5);
  compressBlock(words, digest);
  const bytes = Buffer.alloc(20);
  for (const [at, word] of digest.entries()) bytes.writeInt32BE(word, at * 4);
  return bytes.toString('hex');
}

describe('SHA-1 of one block', () => {
  it('is that of FIPS 180-4: the example "abc", and nothing at all', () => {
    expect(sha1OfBlock(Buffer.from('abc'))).toBe('a9993e364706816aba3e25717850c26c9cd0d89d');
    expect(sha1OfBlock(Buffer.alloc(0))).toBe('da39a3ee5e6b4b0d3255bfef95601890afd80709');
  });

  it('is the runtime’s for any message that fits', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: ONE_BLOCK }), (message) => {
        expect(sha1OfBlock(message)).toBe(createHash('sha1').update(message).digest('hex'));
      }),
      { numRuns: 2000 },
    );
  });
});

describe('a UUID of version 5', () => {
  it('is that of RFC 9562 for any name, short or long, in any order', () => {
    const make = uuidV5(NAMESPACE, '["orders",', ']');
    const names = fc.oneof(
      fc.string({ maxLength: 60 }),
      fc.string({ unit: 'binary', maxLength: 60 }),
      fc.integer().map(String),
    );
    fc.assert(
      fc.property(names, (name) => {
        const made = make(name);
        expect(made).toBe(expected(Buffer.from(`["orders",${name}]`)));
        expect(isUuid(made)).toBe(true);
      }),
      { numRuns: 5000 },
    );
  });

  it('is the same where head and tail alone fill a block', () => {
    const head = 'h'.repeat(60);
    expect(uuidV5(NAMESPACE, head, 't')('n')).toBe(expected(Buffer.from(`${head}nt`)));
    expect(uuidV5(NAMESPACE)('n')).toBe(uuidV5OfBytes(NAMESPACE, Buffer.from('n')));
  });
});

describe('the text form of a UUID', () => {
  const uuids = fc
    .uint8Array({ minLength: 16, maxLength: 16 })
    .map((bytes) => [Buffer.from(bytes).toString('hex'), bytes] as const)
    .map(([hex, bytes]) => {
      const parts = [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20)];
      return { text: [...parts, hex.slice(20)].join('-'), bytes };
    });

  it('gives its bytes, wherever it stands in a text', () => {
    fc.assert(
      fc.property(uuids, fc.nat({ max: 9 }), ({ text, bytes }, from) => {
        const target = new Uint8Array(20);
        expect(packUuid('"'.repeat(from) + text, from, target, 2)).toBe(true);
        expect(target.subarray(2, 18)).toEqual(bytes);
      }),
    );
  });

  it('is told from every other text by its digits, its dashes and its end', () => {
    const other = fc.constantFrom('g', 'A', 'F', '-', '0', ' ', '/', ':', '`', '\0', 'é', '０', '');
    fc.assert(
      fc.property(uuids, fc.nat({ max: 35 }), other, ({ text }, at, unit) => {
        const changed = text.slice(0, at) + unit + text.slice(at + 1);
        const isOne = packUuid(changed, 0, new Uint8Array(16), 0);
        expect(isOne).toBe(isUuid(changed));
      }),
      { numRuns: 5000 },
    );
  });

  it('compares by words as by characters', () => {
    fc.assert(
      fc.property(uuids, uuids, fc.nat({ max: 35 }), (a, b, shared) => {
        const other = a.text.slice(0, shared) + b.text.slice(shared);
        const [left, right] = [uuidWords(a.text, 0), uuidWords(other, 0)];
        const at = left.findIndex((word, index) => word !== right[index]);
        expect(at === -1 ? null : (left[at] ?? 0) < (right[at] ?? 0)).toBe(
          a.text === other ? null : a.text < other,
        );
      }),
    );
  });
});
