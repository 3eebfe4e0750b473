/**
 * Memory in which workers leave what they made, used again and again: to touch fresh memory costs more
 * than to fill it, and what is sent to another thread by transfer is fresh each time. Whoever takes a
 * room gives it back when nothing in it is needed any more.
 */

export interface SharedRooms {
  /** A room of at least `bytes`; what is in it is left over from before. */
  take(bytes: number): SharedArrayBuffer;
  giveBack(room: SharedArrayBuffer): void;
}

/** Room for a little more than what is asked for, since the next one may need a little more. */
const SLACK = 1.25;

/** Keeps as many rooms as were taken at once. */
export function sharedRooms(): SharedRooms {
  const free: SharedArrayBuffer[] = [];
  return {
    take(bytes) {
      const at = free.findIndex((room) => room.byteLength >= bytes);
      if (at !== -1) return free.splice(at, 1)[0] as SharedArrayBuffer;
      // One that is too small gives way.
      free.pop();
      return new SharedArrayBuffer(Math.ceil(bytes * SLACK));
    },
    giveBack(room) {
      free.push(room);
    },
  };
}

/** Deals out a room from its beginning. */
export interface Dealer {
  bytes(length: number): Buffer;
  words(length: number): Uint32Array;
}

/** A dealer of one room; a room that is too small is a defect of the caller, and throws. */
export function dealer(room: SharedArrayBuffer): Dealer {
  let at = 0;
  return {
    bytes(length) {
      const part = Buffer.from(room, at, length);
      at += length;
      return part;
    },
    words(length) {
      at = Math.ceil(at / 4) * 4;
      const part = new Uint32Array(room, at, length);
      at += length * 4;
      return part;
    },
  };
}

/** A buffer that came from another thread, where it was one: on the way it becomes plain bytes. */
export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
