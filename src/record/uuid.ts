/** UUIDs of RFC 9562 made from content: version 5 (§5.5) and version 8 (§5.8). */

import { createHmac, hash } from 'node:crypto';

import { compressBlock, ONE_BLOCK } from './sha1.ts';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** Characters of the text form. */
const UUID_TEXT = 36;

/** True for the lower-case text form, of any version. */
export function isUuid(text: string): boolean {
  return UUID.test(text);
}

/** Value of a hex digit by its character code. */
const DIGIT = Uint8Array.from({ length: 128 }, (_, code) => {
  const value = '0123456789abcdef'.indexOf(String.fromCharCode(code));
  return Math.max(0, value);
});
const DASHES: ReadonlySet<number> = new Set([8, 13, 18, 23]);
/** Where the hex digits of each byte stand in the text form. */
const PLACES: readonly number[] = Array.from({ length: UUID_TEXT }, (_, at) => at)
  .filter((at) => !DASHES.has(at))
  .filter((_, number) => number % 2 === 0);

/** Writes the 16 bytes of a UUID's text form. */
export function writeUuid(text: string, target: Uint8Array, offset: number): void {
  for (let byte = 0; byte < 16; byte += 1) {
    const at = PLACES[byte] ?? 0;
    const high = DIGIT[text.charCodeAt(at)] ?? 0;
    target[offset + byte] = (high << 4) | (DIGIT[text.charCodeAt(at + 1)] ?? 0);
  }
}

/** The 16 bytes of a UUID's text form. */
export function uuidBytes(text: string): Uint8Array {
  const bytes = new Uint8Array(16);
  writeUuid(text, bytes, 0);
  return bytes;
}

/** The lower-case text form of 32 hex digits. */
export function uuidText(hex: string): string {
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20, 32)}`;
}

/** Two hex digits of each byte, as character codes. */
const HEX: Uint8Array = Buffer.from(
  Array.from({ length: 256 }, (_, byte) => byte)
    .map(hexPair)
    .join(''),
);
const DASH = 0x2d;
const text = Buffer.alloc(UUID_TEXT, DASH);

function hexPair(byte: number): string {
  return byte.toString(16).padStart(2, '0');
}

/** What `digest` is read for: its first four words, big endian. */
const digest = new Int32Array(5);

/**
 * The text form of the first 16 bytes of {@link digest}, version and variant set: one flat string,
 * which serialising it several times is grateful for.
 */
function withVersion(version: 5 | 8): string {
  digest[1] = ((digest[1] ?? 0) & ~0xf000) | (version << 12);
  digest[2] = ((digest[2] ?? 0) & 0x3fffffff) | 0x80000000;
  for (let byte = 0; byte < 16; byte += 1) {
    const value = ((digest[byte >> 2] ?? 0) >>> (24 - 8 * (byte & 3))) & 0xff;
    const at = PLACES[byte] ?? 0;
    text[at] = HEX[value * 2] ?? 0;
    text[at + 1] = HEX[value * 2 + 1] ?? 0;
  }
  return text.toString('latin1');
}

/** The same of a digest of the runtime's, as a latin1 string: the cheapest form that it has. */
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

const block: Buffer = Buffer.alloc(64);
const blockView = new DataView(block.buffer, block.byteOffset, 64);
const words = new Int32Array(16);

/** Writes a name to `block` at `at`; the offset behind it, or -1 where it is not ASCII or too long. */
function writeAscii(name: string, at: number, limit: number): number {
  const end = at + name.length;
  if (end > limit) return -1;
  for (let index = 0; index < name.length; index += 1) {
    const unit = name.charCodeAt(index);
    if (unit > 0x7f) return -1;
    block[at + index] = unit;
  }
  return end;
}

/** Where the last message in `block` ended: behind it there are zeros. */
let filled = 0;

/** SHA-1 of the first `length` bytes of `block` to `digest`. */
function hashBlock(length: number): void {
  for (let at = length + 1; at <= filled; at += 1) block[at] = 0;
  block[length] = 0x80;
  filled = length;
  for (let word = 0; word < 15; word += 1) words[word] = blockView.getInt32(word * 4);
  words[15] = length * 8;
  compressBlock(words, digest);
}

/**
 * A function from names to the UUIDs of version 5 in `namespace` of head ‖ name ‖ tail:
 * SHA-1(namespace ‖ UTF-8 of the name).
 */
export function uuidV5(namespace: string, head = '', tail = ''): (name: string) => string {
  const fixed = Buffer.concat([uuidBytes(namespace), Buffer.from(head)]);
  const end = Buffer.from(tail);
  const limit = ONE_BLOCK - end.length;
  let scratch = Buffer.alloc(0);
  const long = (name: string): string => {
    // Three bytes is the most that a UTF-16 unit takes in UTF-8.
    const room = fixed.length + name.length * 3 + end.length;
    if (scratch.length < room) {
      scratch = Buffer.alloc(Math.max(1024, room * 2));
      scratch.set(fixed);
    }
    let length = fixed.length + scratch.write(name, fixed.length);
    length += end.copy(scratch, length);
    return withVersionOf(hash('sha1', scratch.subarray(0, length), 'binary'), 5);
  };
  if (fixed.length > limit) return long;
  return (name) => {
    block.set(fixed);
    const at = writeAscii(name, fixed.length, limit);
    if (at === -1) return long(name);
    block.set(end, at);
    hashBlock(at + end.length);
    return withVersion(5);
  };
}

/** Version 5 over bytes instead of a name. */
export function uuidV5OfBytes(namespace: string, name: Uint8Array): string {
  return withVersionOf(hash('sha1', Buffer.concat([uuidBytes(namespace), name]), 'binary'), 5);
}

/** Version 8: the first 128 bits of HMAC-SHA-256(key, name), version and variant set. */
export function uuidV8(key: Uint8Array, name: Uint8Array): string {
  return withVersionOf(createHmac('sha256', key).update(name).digest('binary'), 8);
}
