/**
 * Digests by digests, for millions of them: 48 bytes each in one block of memory, instead of objects.
 * Keys are the first 16 bytes of an HMAC, so that where they fall is even.
 */

const KEY = 16;
const VALUE = 32;
const SLOT: number = KEY + VALUE;
const LEAST = 1024;

export interface DigestTable {
  readonly size: number;
  /** Sets the value of a key, both base64url of 32 bytes. */
  set(key: string, value: string): void;
  /** Whether there is a value, and whether it is this one. */
  compare(key: string, value: string): 'same' | 'other' | 'none';
}

export function digestTable(): DigestTable {
  let slots = LEAST;
  let bytes = Buffer.alloc(slots * SLOT);
  let used = Buffer.alloc(slots);
  let size = 0;
  const place = (key: Buffer): number => {
    let at = key.readUInt32LE(0) % slots;
    while (used[at] === 1 && key.compare(bytes, at * SLOT, at * SLOT + KEY, 0, KEY) !== 0) {
      at = (at + 1) % slots;
    }
    return at;
  };
  const put = (key: Buffer, value: Buffer): void => {
    const at = place(key);
    if (used[at] === 0) size += 1;
    used[at] = 1;
    key.copy(bytes, at * SLOT, 0, KEY);
    value.copy(bytes, at * SLOT + KEY, 0, VALUE);
  };
  const grow = (): void => {
    const [before, taken, count] = [bytes, used, slots];
    slots *= 2;
    bytes = Buffer.alloc(slots * SLOT);
    used = Buffer.alloc(slots);
    size = 0;
    for (let at = 0; at < count; at += 1) {
      if (taken[at] === 0) continue;
      const slot = before.subarray(at * SLOT, at * SLOT + SLOT);
      put(slot.subarray(0, KEY), slot.subarray(KEY));
    }
  };
  return {
    get size() {
      return size;
    },
    set(key, value) {
      if (size * 3 >= slots * 2) grow();
      put(Buffer.from(key, 'base64url'), Buffer.from(value, 'base64url'));
    },
    compare(key, value) {
      const at = place(Buffer.from(key, 'base64url'));
      if (used[at] === 0) return 'none';
      const found = bytes.subarray(at * SLOT + KEY, at * SLOT + SLOT);
      return found.equals(Buffer.from(value, 'base64url')) ? 'same' : 'other';
    },
  };
}
