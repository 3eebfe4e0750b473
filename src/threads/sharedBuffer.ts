/**
 * Reusable shared buffers for results of workers. Touching fresh memory costs more than filling it,
 * and transferred buffers would be fresh each time. A buffer is given back when its content is no
 * longer needed.
 */

export interface SharedBuffers {
  /** Returns a buffer of at least `bytes` bytes, with content of an earlier use. */
  take(bytes: number): SharedArrayBuffer;
  giveBack(buffer: SharedArrayBuffer): void;
}

/** Factor on the requested capacity, since the next request may be slightly larger. */
const SLACK = 1.25;

/** A set of buffers that keeps as many as were in use at once. */
export function sharedBuffers(): SharedBuffers {
  const free: SharedArrayBuffer[] = [];
  return {
    take(bytes) {
      const at = free.findIndex((buffer) => buffer.byteLength >= bytes);
      if (at !== -1) return free.splice(at, 1)[0] as SharedArrayBuffer;
      // Replaces one that is too small.
      free.pop();
      return new SharedArrayBuffer(Math.ceil(bytes * SLACK));
    },
    giveBack(buffer) {
      free.push(buffer);
    },
  };
}

/** Allocates parts of one buffer from its beginning; frees nothing. */
export interface BumpAllocator {
  bytes(length: number): Buffer;
  words(length: number): Uint32Array;
  longs(length: number): BigInt64Array;
}

/** Makes an allocator for one buffer. Its methods throw a RangeError beyond the capacity. */
export function bumpAllocator(buffer: SharedArrayBuffer): BumpAllocator {
  let at = 0;
  return {
    bytes(length) {
      const part = Buffer.from(buffer, at, length);
      at += length;
      return part;
    },
    words(length) {
      at = Math.ceil(at / 4) * 4;
      const part = new Uint32Array(buffer, at, length);
      at += length * 4;
      return part;
    },
    longs(length) {
      at = Math.ceil(at / 8) * 8;
      const part = new BigInt64Array(buffer, at, length);
      at += length * 8;
      return part;
    },
  };
}

/** Views bytes from another thread as a Buffer again, since cloning makes them a Uint8Array. */
export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
