/** Keys for tests; a new object each time, as a key wipes the bytes that it is made of. */

import { encryptionKey, type EncryptionKey } from '../../src/crypto/encryptionKey.ts';

/** 32 bytes that count up from `first`. */
export function countingKey(first: number, name = 'k1'): EncryptionKey {
  const bytes = Buffer.from(Array.from({ length: 32 }, (_, index) => (first + index) % 256));
  return encryptionKey(name, bytes, 'test');
}

export function keyOf(base64: string, name = 'k1'): EncryptionKey {
  return encryptionKey(name, Buffer.from(base64, 'base64'), 'test');
}

/** Bytes that count up from `first`. */
export function counting(first: number, length: number): Buffer {
  return Buffer.from(Array.from({ length }, (_, index) => first + index));
}
