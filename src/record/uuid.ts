/** UUIDs of RFC 9562 derived from content: version 5 (§5.5) and version 8 (§5.8). */

import { createHmac, hash } from 'node:crypto';

import { compressBlock, ONE_BLOCK } from './sha1.ts';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

const ASCII = /^[\0-\x7f]*$/;

/** Length of the text form in characters. */
export const UUID_TEXT = 36;

/** Whether a text is the lower-case text form of a UUID of any version. */
export function isUuid(text: string): boolean {
  return UUID.test(text);
}

/** Marker for a character that is no digit: its high bits are set in no digit's value. */
const NO_DIGIT = 0xff;
/** Value of a lower-case hex digit by its character code. */
const DIGIT = Uint8Array.from({ length: 128 }, (_, code) => {
  const value = '0123456789abcdef'.indexOf(String.fromCharCode(code));
  return value === -1 ? NO_DIGIT : value;
});
const DASH = 0x2d;
const DASHES: ReadonlySet<number> = new Set([8, 13, 18, 23]);
/** Offset of each byte's hex digits in the text form. */
const PLACES: readonly number[] = Array.from({ length: UUID_TEXT }, (_, at) => at)
  .filter((at) => !DASHES.has(at))
  .filter((_, number) => number % 2 === 0);

/**
 * Writes the 16 bytes of the lower-case text form at `from` of a text. Returns false if there is
 * none; the bytes written are undefined then.
 */
export function packUuid(text: string, from: number, target: Uint8Array, offset: number): boolean {
  let seen = 0;
  for (let byte = 0; byte < 16; byte += 1) {
    const at = from + (PLACES[byte] ?? 0);
    const high = DIGIT[text.charCodeAt(at)] ?? NO_DIGIT;
    const low = DIGIT[text.charCodeAt(at + 1)] ?? NO_DIGIT;
    seen |= high | low;
    target[offset + byte] = (high << 4) | low;
  }
  return seen < 16 && hasDashes(text, from);
}

function hasDashes(text: string, from: number): boolean {
  return (
    text.charCodeAt(from + 8) === DASH &&
    text.charCodeAt(from + 13) === DASH &&
    text.charCodeAt(from + 18) === DASH &&
    text.charCodeAt(from + 23) === DASH
  );
}

/** Writes the 16 bytes of a UUID's text form. */
export function writeUuid(text: string, target: Uint8Array, offset: number): void {
  packUuid(text, 0, target, offset);
}

const packed = new DataView(new ArrayBuffer(16));
const packedBytes = new Uint8Array(packed.buffer);

/** Returns the text form at `from` as four words, which compare as UUIDs do. */
export function uuidWords(text: string, from: number): [number, number, number, number] {
  packUuid(text, from, packedBytes, 0);
  return [packed.getUint32(0), packed.getUint32(4), packed.getUint32(8), packed.getUint32(12)];
}

/** Returns the 16 bytes of a UUID's text form. */
export function uuidBytes(text: string): Uint8Array {
  const bytes = new Uint8Array(16);
  writeUuid(text, bytes, 0);
  return bytes;
}

/** Returns the lower-case text form of 32 hex digits. */
export function uuidText(hex: string): string {
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20, 32)}`;
}

/** Character code of each hex digit. */
const HEX: Uint8Array = Buffer.from('0123456789abcdef');

/** Digest of the last hash; its first four words, big endian, are used. */
const digest = new Int32Array(5);

/**
 * Returns the text form of the first 16 bytes of {@link digest}, with version and variant set, as a
 * flat string, which is fast to serialise several times.
 */
const withVersion: (version: 5 | 8) => string = generateText();

/** Generates one call with a character code for each position, which needs no buffer. */
function generateText(): (version: 5 | 8) => string {
  const codes = Array.from({ length: UUID_TEXT }, (_, at) => at).map((at) => {
    if (DASHES.has(at)) return String(DASH);
    const digit = at - [...DASHES].filter((dash) => dash < at).length;
    return `hex[w${digit >> 3} >>> ${28 - 4 * (digit & 7)} & 15]`;
  });
  const body = `return (version) => {
    const w0 = digest[0], w1 = digest[1] & ~0xf000 | version << 12;
    const w2 = digest[2] & 0x3fffffff | 0x80000000, w3 = digest[3];
    return fromCharCode(${codes.join(', ')});
  };`;
  // oxlint-disable-next-line no-implied-eval, typescript/no-implied-eval -- of numbers and letters of ours
  const make = new Function('digest', 'hex', 'fromCharCode', body) as (
    ...values: unknown[]
  ) => (version: 5 | 8) => string;
  return make(digest, HEX, String.fromCharCode);
}

/** As {@link withVersion}, for a digest of the runtime as a latin1 string, its fastest form. */
function withVersionOf(bytes: string, version: 5 | 8): string {
  for (let word = 0; word < 4; word += 1) {
    let value = 0;
    for (let byte = 0; byte < 4; byte += 1) {
      value = (value << 8) | bytes.charCodeAt(word * 4 + byte);
    }
    digest[word] = value;
  }
  return withVersion(version);
}

const words = new Int32Array(16);

/** Adds ASCII text at `at` of {@link words}; returns the offset after it, or -1 for other text. */
function addAscii(text: string, at: number): number {
  let offset = at;
  for (let index = 0; index < text.length; index += 1) {
    const unit = text.charCodeAt(index);
    if (unit > 0x7f) return -1;
    addByte(unit, offset);
    offset += 1;
  }
  return offset;
}

function addByte(byte: number, at: number): void {
  words[at >> 2] = (words[at >> 2] ?? 0) | (byte << (24 - 8 * (at & 3)));
}

/** Returns the words of a block that begins with these bytes. */
function blockOf(bytes: Uint8Array): Int32Array {
  words.fill(0);
  for (const [at, byte] of bytes.entries()) addByte(byte, at);
  return words.slice();
}

/**
 * Returns a function from names to the version 5 UUIDs of head ‖ name ‖ tail in `namespace`:
 * SHA-1(namespace ‖ UTF-8 of head ‖ name ‖ tail).
 */
export function uuidV5(namespace: string, head = '', tail = ''): (name: string) => string {
  const fixed = Buffer.concat([uuidBytes(namespace), Buffer.from(head)]);
  const end = Buffer.from(tail);
  const limit = ONE_BLOCK - end.length;
  let scratch = Buffer.alloc(0);
  const long = (name: string): string => {
    // A UTF-16 unit takes at most three bytes of UTF-8.
    const capacity = fixed.length + name.length * 3 + end.length;
    if (scratch.length < capacity) {
      scratch = Buffer.alloc(Math.max(1024, capacity * 2));
      scratch.set(fixed);
    }
    let length = fixed.length + scratch.write(name, fixed.length);
    length += end.copy(scratch, length);
    return withVersionOf(hash('sha1', scratch.subarray(0, length), 'binary'), 5);
  };
  if (fixed.length > limit || !ASCII.test(tail)) return long;
  const begun = blockOf(fixed);
  return (name) => {
    if (fixed.length + name.length > limit) return long(name);
    // A loop is faster than a call that copies sixteen words.
    for (let word = 0; word < 16; word += 1) words[word] = begun[word] ?? 0;
    const at = addAscii(name, fixed.length);
    if (at === -1) return long(name);
    const length = addAscii(tail, at);
    addByte(0x80, length);
    words[15] = length * 8;
    compressBlock(words, digest);
    return withVersion(5);
  };
}

/** Returns the version 5 UUID of bytes instead of a name. */
export function uuidV5OfBytes(namespace: string, name: Uint8Array): string {
  return withVersionOf(hash('sha1', Buffer.concat([uuidBytes(namespace), name]), 'binary'), 5);
}

/** Returns a version 8 UUID: 128 bits of HMAC-SHA-256(key, name), version and variant set. */
export function uuidV8(key: Uint8Array, name: Uint8Array): string {
  return withVersionOf(createHmac('sha256', key).update(name).digest('binary'), 8);
}
