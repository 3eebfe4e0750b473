/** HKDF with SHA-256 (RFC 5869), and keys that are derived by it. */

import { createSecretKey, hkdfSync, type KeyObject } from 'node:crypto';

/** Derives `length` bytes; an empty salt is 32 zero bytes (§2.2). */
export function hkdfSha256(
  key: KeyObject | Uint8Array,
  salt: Uint8Array,
  info: string | Uint8Array,
  length: number,
): Buffer {
  return Buffer.from(hkdfSync('sha256', key, salt, info, length));
}

const NO_SALT: Uint8Array = new Uint8Array();
const DERIVED_BYTES = 32;

/** Derives a key of 32 bytes for one purpose, which `info` names. */
export function derivedKey(key: KeyObject, info: string | Uint8Array): KeyObject {
  return hiddenKey(hkdfSha256(key, NO_SALT, info, DERIVED_BYTES));
}

/** Public name of a key, which commits to it: no other key has the same. */
export function keyId(key: KeyObject): string {
  return hkdfSha256(key, NO_SALT, 'enc:v1:a1 kid', 16).toString('base64url');
}

/** Moves bytes into an object that shows none of them, and wipes where they were. */
export function hiddenKey(bytes: Uint8Array): KeyObject {
  const key = createSecretKey(bytes);
  bytes.fill(0);
  return key;
}
