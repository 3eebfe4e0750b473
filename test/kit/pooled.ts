/**
 * Finds small Buffers in messages of threads. Such a Buffer is a part of a pool, and a message copies the
 * whole pool, which its receiver then keeps: 64 KiB for a digest of 32 bytes.
 */

import type { Answer } from '../../src/threads/call.ts';

/** Returns the path to a part of the pool in a value; null if there is none. */
export function pooledIn(value: unknown, path = ''): string | null {
  if (value instanceof Uint8Array) {
    const isPart = value.byteLength < value.buffer.byteLength;
    return isPart && value.buffer.byteLength === Buffer.poolSize ? path : null;
  }
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return null;
  const entries = value instanceof Map ? [...value] : Object.entries(value);
  for (const [name, member] of entries) {
    const found = pooledIn(member, `${path}.${String(name)}`);
    if (found !== null) return found;
  }
  return null;
}

/** Has an answer fail whose input or result holds a part of the pool. */
export function withoutPool({ name, run }: Answer): Answer {
  return {
    name,
    async run(input) {
      const reply = await run(input);
      const found = pooledIn(input, 'input') ?? pooledIn(reply.result, 'result');
      if (found !== null) throw new Error(`the message ${name} has a part of a pool at ${found}`);
      return reply;
    },
  };
}
