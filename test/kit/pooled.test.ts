/** A part of the pool of Buffers in a message is found, wherever it is. */

import { createHash } from 'node:crypto';

import { describe, expect, it } from 'vitest';

import { answer, defineCall, type Answer } from '../../src/threads/call.ts';
import { inlinePool } from '../../src/threads/inlinePool.ts';
import { pooledIn, withoutPool } from './pooled.ts';

const CALL = defineCall<null, unknown>('test.pooled');

function answering(result: unknown): Answer {
  return withoutPool(answer(CALL, () => ({ result })));
}

describe('a message', () => {
  it.each([
    ['a digest from a text', { roots: [Buffer.from('0123')] }, 'result.roots.0'],
    ['a slice of a small Buffer', new Map([['a', Buffer.from('0123').subarray(1)]]), 'result.a'],
  ])('with %s is refused', async (_, result, at) => {
    await expect(inlinePool([answering(result)]).call(CALL, null)).rejects.toThrow(at);
  });

  it('with bytes of its own is let through', async () => {
    const digest = new Uint8Array(createHash('sha256').update('a').digest());
    const result = {
      digest,
      page: Buffer.alloc(100_000),
      shared: new Uint8Array(new SharedArrayBuffer(8)),
    };
    expect(pooledIn(result)).toBe(null);
    await expect(inlinePool([answering(result)]).call(CALL, null)).resolves.toBe(result);
  });
});
