/**
 * Memory in which workers leave what they made, used again and again: to touch fresh memory costs more
 * than to fill it, and what is sent to another thread by transfer is fresh each time. A buffer is given
 * back when nothing in it is needed any more.
 */

export interface SharedBuffers {
  /** A buffer of at least `bytes`; its content is left over from before. */
  take(bytes: number): SharedArrayBuffer;
  giveBack(buffer: SharedArrayBuffer): void;
}

/** Capacity for a little more than what is asked for, since the next one may need a little more. */
const SLACK = 1.25;

/** Keeps as many buffers as were taken at once. */
export function sharedBuffers(): SharedBuffers {
  const free: SharedArrayBuffer[] = [];
  return {
    take(bytes) {
      const at = free.findIndex((buffer) => buffer.byteLength >= bytes);
      if (at !== -1) return free.splice(at, 1)[0] as SharedArrayBuffer;
      // One that is too small gives way.
      free.pop();
      return new SharedArrayBuffer(Math.ceil(bytes * SLACK));
    },
    giveBack(buffer) {
      free.push(buffer);
    },
  };
}

/** Allocates parts of one buffer, from its beginning; nothing is freed. */
export interface BumpAllocator {
  bytes(length: number): Buffer;
  words(length: number): Uint32Array;
}

/** An allocator of one buffer; if its capacity is exceeded, which is a defect of the caller, throws. */
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
  };
}

/** A buffer that came from another thread, where it was one: on the way it becomes plain bytes. */
export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
