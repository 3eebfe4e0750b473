import { describe, expect, it } from 'vitest';

import { asBuffer, bumpAllocator, sharedBuffers } from '../../src/threads/sharedBuffer.ts';

describe('shared buffers', () => {
  it('are used again when they are large enough, and replaced when they are not', () => {
    const buffers = sharedBuffers();
    const first = buffers.take(100);
    expect(first.byteLength).toBeGreaterThanOrEqual(100);
    expect(buffers.take(100)).not.toBe(first);
    buffers.giveBack(first);
    expect(buffers.take(90)).toBe(first);
    buffers.giveBack(first);
    expect(buffers.take(10_000).byteLength).toBeGreaterThanOrEqual(10_000);
    expect(buffers.take(90)).not.toBe(first);
  });
});

describe('the allocator of a buffer', () => {
  it('gives parts that do not overlap, words aligned', () => {
    const whole = new SharedArrayBuffer(16);
    const allocator = bumpAllocator(whole);
    allocator.bytes(3).fill(1);
    allocator.words(2).fill(0xffffffff);
    allocator.bytes(4).fill(2);
    expect([...Buffer.from(whole)]).toEqual([
      1,
      1,
      1,
      0,
      ...Array<number>(8).fill(255),
      2,
      2,
      2,
      2,
    ]);
  });

  it('aligns long numbers', () => {
    const allocator = bumpAllocator(new SharedArrayBuffer(24));
    allocator.bytes(3).fill(255);
    const longs = allocator.longs(2);
    expect(longs.byteOffset).toBe(8);
    expect([...longs]).toEqual([0n, 0n]);
    expect(() => allocator.longs(1)).toThrow(RangeError);
  });

  it('throws beyond the capacity', () => {
    const allocator = bumpAllocator(new SharedArrayBuffer(8));
    allocator.bytes(6);
    expect(() => allocator.bytes(3)).toThrow(RangeError);
    expect(() => allocator.words(1)).toThrow(RangeError);
  });
});

describe('bytes from another thread', () => {
  it('become a buffer without a copy', () => {
    const bytes = new Uint8Array([1, 2, 3, 4]).subarray(1, 3);
    const buffer = asBuffer(bytes);
    bytes[0] = 9;
    expect([...buffer]).toEqual([9, 3]);
  });
});
