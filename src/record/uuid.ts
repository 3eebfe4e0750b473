/** UUIDs of RFC 9562 made from content: version 5 (§5.5) and version 8 (§5.8). */

import { createHmac, hash } from 'node:crypto';

import { compressBlock, ONE_BLOCK } from './sha1.ts';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

const ASCII = /^[\0-\x7f]*$/;

/** Characters of the text form. */
export const UUID_TEXT = 36;

/** True for the lower-case text form, of any version. */
export function isUuid(text: string): boolean {
  return UUID.test(text);
}

/** What stands for no digit: none of its high bits is in the value of one. */
const NO_DIGIT = 0xff;
/** Value of a lower-case hex digit by its character code. */
const DIGIT = Uint8Array.from({ length: 128 }, (_, code) => {
  const value = '0123456789abcdef'.indexOf(String.fromCharCode(code));
  return value === -1 ? NO_DIGIT : value;
});
const DASH = 0x2d;
const DASHES: ReadonlySet<number> = new Set([8, 13, 18, 23]);
/** Where the hex digits of each byte stand in the text form. */
const PLACES: readonly number[] = Array.from({ length: UUID_TEXT }, (_, at) => at)
  .filter((at) => !DASHES.has(at))
  .filter((_, number) => number % 2 === 0);

/**
 * Writes the 16 bytes of the text form that begins at `from` of a text. False where there is none, in
 * lower case; then what was written means nothing.
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

/** The words of the text form that begins at `from`; they compare as UUIDs do. */
export function uuidWords(text: string, from: number): [number, number, number, number] {
  packUuid(text, from, packedBytes, 0);
  return [packed.getUint32(0), packed.getUint32(4), packed.getUint32(8), packed.getUint32(12)];
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

/** The character code of each hex digit. */
const HEX: Uint8Array = Buffer.from('0123456789abcdef');

/** What `digest` is read for: its first four words, big endian. */
const digest = new Int32Array(5);

/**
 * The text form of the first 16 bytes of {@link digest}, version and variant set: one flat string,
 * which serialising it several times is grateful for.
 */
const withVersion: (version: 5 | 8) => string = generateText();

/** One call with a character code for each place of the text: nothing is filled and read again. */
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

const words = new Int32Array(16);

/** Adds an ASCII text at `at` of the block in {@link words}; the offset behind it, or -1 for other text. */
function addAscii(text: string, at: number): number {
  let place = at;
  for (let index = 0; index < text.length; index += 1) {
    const unit = text.charCodeAt(index);
    if (unit > 0x7f) return -1;
    addByte(unit, place);
    place += 1;
  }
  return place;
}

function addByte(byte: number, at: number): void {
  words[at >> 2] = (words[at >> 2] ?? 0) | (byte << (24 - 8 * (at & 3)));
}

/** The words of a block that begins with some bytes. */
function blockOf(bytes: Uint8Array): Int32Array {
  words.fill(0);
  for (const [at, byte] of bytes.entries()) addByte(byte, at);
  return words.slice();
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
  if (fixed.length > limit || !ASCII.test(tail)) return long;
  const begun = blockOf(fixed);
  return (name) => {
    if (fixed.length + name.length > limit) return long(name);
    // Word by word: a call to copy sixteen takes longer.
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

/** Version 5 over bytes instead of a name. */
export function uuidV5OfBytes(namespace: string, name: Uint8Array): string {
  return withVersionOf(hash('sha1', Buffer.concat([uuidBytes(namespace), name]), 'binary'), 5);
}

/** Version 8: the first 128 bits of HMAC-SHA-256(key, name), version and variant set. */
export function uuidV8(key: Uint8Array, name: Uint8Array): string {
  return withVersionOf(createHmac('sha256', key).update(name).digest('binary'), 8);
}
