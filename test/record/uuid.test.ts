/** UUIDs and the SHA-1 that makes them, against the runtime's own. */

import { createHash } from 'node:crypto';

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { compressBlock, ONE_BLOCK } from '../../src/record/sha1.ts';
import { isUuid, uuidBytes, uuidV5, uuidV5OfBytes } from '../../src/record/uuid.ts';

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
