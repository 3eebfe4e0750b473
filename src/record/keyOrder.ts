/**
 * The order of records: an order-preserving byte encoding of typed key tuples. Comparing two
 * encodings byte by byte compares the keys, part by part; no locale, no case folding.
 * docs/format.md publishes it with vectors.
 *
 * - integer, bigint, decimal(s) (as the integer scaled by 10^s): one byte 0x80 + n for a value > 0
 *   whose magnitude takes n bytes, 0x80 for zero, 0x80 − n for a value < 0; then the magnitude, big
 *   endian, complemented for negative values. n is at most 127.
 * - uuid: its 16 bytes. boolean: 0x00 or 0x01.
 * - string, date, time(p), timestamp(p), timestamptz(p) (UTF-8) and bytes: each 0x00 as 0x00 0xFF,
 *   then the end 0x00 0x01.
 *
 * Each part's encoding is self-delimiting, so ('ab','c') and ('a','bc') differ.
 */

import type { FieldType } from './type.ts';
import { uuidText, writeUuid } from './uuid.ts';

/** A key part in a canonical record: integers are numbers, booleans booleans, the rest strings. */
export type KeyValue = number | string | boolean;

export interface KeyEncoding {
  /** Writes at `offset`; returns the offset after it, or -1 if the buffer is too small. */
  readonly write: (value: KeyValue, target: Buffer, offset: number) => number;
  /** Reads one part; returns its value and the offset after it. */
  readonly read: (source: Uint8Array, offset: number) => [KeyValue, number];
}

/** Whether a value can be encoded: numbers have to be safe integers, unlike 1e999 of a file. */
export function isKeyValue(value: unknown): value is KeyValue {
  return typeof value === 'string' || typeof value === 'boolean' || Number.isSafeInteger(value);
}

const MAX_MAGNITUDE = 127;

/** Whether records can be ordered by a key part of this type. */
export function isOrdered(type: FieldType): boolean {
  switch (type.kind) {
    case 'integer':
    case 'bigint':
    case 'string':
    case 'uuid':
    case 'bytes':
    case 'date':
    case 'boolean':
      return true;
    case 'decimal':
    case 'time':
    case 'timestamp':
    case 'timestamptz':
      return type.digits !== undefined;
    default:
      return false;
  }
}

/** Returns the encoding of one key part. Throws a TypeError for a type that is not ordered. */
export function keyEncoding(type: FieldType): KeyEncoding {
  if (!isOrdered(type)) throw new TypeError(`${type.kind} has no order`);
  switch (type.kind) {
    case 'integer':
      return INTEGER;
    case 'bigint':
      return scaled(0);
    case 'decimal':
      return scaled(type.digits ?? 0);
    case 'uuid':
      return UUID_PART;
    case 'boolean':
      return BOOLEAN;
    case 'bytes':
      return terminated('base64');
    default:
      return terminated('utf8');
  }
}

/** Encodes a key tuple, which may come from a file. Throws if a part is not a value of its type. */
export function encodeKey(types: readonly FieldType[], key: readonly KeyValue[]): Buffer {
  if (!key.every(isKeyValue)) throw new TypeError('a part of a key is not a key value');
  for (let size = 256; ; size *= 4) {
    const target = Buffer.alloc(size);
    const end = encodeInto(types.map(keyEncoding), key, target);
    if (end >= 0) return target.subarray(0, end);
  }
}

function encodeInto(parts: KeyEncoding[], key: readonly KeyValue[], target: Buffer): number {
  let offset = 0;
  for (const [index, part] of parts.entries()) {
    offset = part.write(key[index] ?? '', target, offset);
    if (offset < 0) return -1;
  }
  return offset;
}

/** Decodes a key; the inverse of {@link encodeKey}. */
export function decodeKey(types: readonly FieldType[], bytes: Uint8Array): KeyValue[] {
  let offset = 0;
  return types.map((type) => {
    const [value, next] = keyEncoding(type).read(bytes, offset);
    offset = next;
    return value;
  });
}

/** Encoding of integers within ±(2^53−1), without BigInt, as these are the most common keys. */
const INTEGER: KeyEncoding = {
  write(value, target, offset) {
    const number = value as number;
    const magnitude = Math.abs(number);
    let size = 0;
    for (let rest = magnitude; rest >= 1; rest = Math.floor(rest / 256)) size += 1;
    if (target.length < offset + 1 + size) return -1;
    target[offset] = number < 0 ? 0x80 - size : 0x80 + size;
    let rest = magnitude;
    for (let index = offset + size; index > offset; index -= 1) {
      const byte = rest % 256;
      target[index] = number < 0 ? 255 - byte : byte;
      rest = Math.floor(rest / 256);
    }
    return offset + 1 + size;
  },
  read(source, offset) {
    const [value, next] = readInteger(source, offset);
    return [Number(value), next];
  },
};

function scaled(digits: number): KeyEncoding {
  return {
    write(value, target, offset) {
      const integer = BigInt((value as string).replace('.', ''));
      return writeBigInt(integer, target, offset);
    },
    read(source, offset) {
      const [value, next] = readInteger(source, offset);
      return [withPoint(value, digits), next];
    },
  };
}

function writeBigInt(value: bigint, target: Buffer, offset: number): number {
  const negative = value < 0n;
  const hex = value === 0n ? '' : (negative ? -value : value).toString(16);
  const bytes = Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex');
  if (bytes.length > MAX_MAGNITUDE) throw new RangeError('a key part exceeds 127 bytes');
  if (target.length < offset + 1 + bytes.length) return -1;
  target[offset] = negative ? 0x80 - bytes.length : 0x80 + bytes.length;
  for (const [index, byte] of bytes.entries()) {
    target[offset + 1 + index] = negative ? 255 - byte : byte;
  }
  return offset + 1 + bytes.length;
}

function readInteger(source: Uint8Array, offset: number): [bigint, number] {
  const head = source[offset] ?? 0x80;
  const size = Math.abs(head - 0x80);
  let value = 0n;
  for (let index = 1; index <= size; index += 1) {
    const byte = source[offset + index] ?? 0;
    value = value * 256n + BigInt(head < 0x80 ? 255 - byte : byte);
  }
  return [head < 0x80 ? -value : value, offset + 1 + size];
}

function withPoint(value: bigint, digits: number): string {
  if (digits === 0) return String(value);
  const sign = value < 0n ? '-' : '';
  const text = String(value < 0n ? -value : value).padStart(digits + 1, '0');
  return `${sign}${text.slice(0, -digits)}.${text.slice(-digits)}`;
}

const UUID_PART: KeyEncoding = {
  write(value, target, offset) {
    if (target.length < offset + 16) return -1;
    writeUuid(value as string, target, offset);
    return offset + 16;
  },
  read(source, offset) {
    const hex = Buffer.from(source.subarray(offset, offset + 16)).toString('hex');
    return [uuidText(hex), offset + 16];
  },
};

const BOOLEAN: KeyEncoding = {
  write(value, target, offset) {
    if (target.length < offset + 1) return -1;
    target[offset] = value === true ? 1 : 0;
    return offset + 1;
  },
  read(source, offset) {
    return [source[offset] === 1, offset + 1];
  },
};

function terminated(encoding: 'utf8' | 'base64'): KeyEncoding {
  return {
    write(value, target, offset) {
      const bytes = Buffer.from(value as string, encoding);
      // Each byte may need an escape.
      if (target.length < offset + bytes.length * 2 + 2) return -1;
      let at = offset;
      for (const byte of bytes) {
        target[at] = byte;
        at += 1;
        if (byte === 0) {
          target[at] = 0xff;
          at += 1;
        }
      }
      target[at] = 0;
      target[at + 1] = 1;
      return at + 2;
    },
    read(source, offset) {
      const bytes: number[] = [];
      let at = offset;
      while (at < source.length && !(source[at] === 0 && source[at + 1] === 1)) {
        bytes.push(source[at] ?? 0);
        at += source[at] === 0 ? 2 : 1;
      }
      return [Buffer.from(bytes).toString(encoding), at + 2];
    },
  };
}

/** Whether numbers of this key fit the order encoding (127 bytes of magnitude). */
export function keyFits(key: readonly KeyValue[], types: readonly FieldType[]): boolean {
  return key.every(
    (part, index) =>
      typeof part !== 'string' ||
      part.length < 300 ||
      !['bigint', 'decimal'].includes(types[index]?.kind ?? ''),
  );
}
