/**
 * A key of 32 bytes with its public id. The bytes are inside an object of node:crypto, which neither
 * `util.inspect` nor `JSON.stringify` nor an error message shows.
 */

import type { KeyObject } from 'node:crypto';

import { Failure } from '../outcome/failure.ts';
import { hiddenKey, keyId } from './hkdf.ts';

export const KEY_BYTES = 32;

export interface EncryptionKey {
  /** As declared, such as `k2`. Public. */
  readonly name: string;
  /** 22 characters, base64url. Public: derived from the key one way, and committing to it. */
  readonly kid: string;
  readonly secret: KeyObject;
}

/**
 * Makes a key of these bytes, which are wiped. `where` is its place, for messages.
 * @throws Failure USAGE if they are not 32, or all zero
 */
export function encryptionKey(name: string, bytes: Uint8Array, where: string): EncryptionKey {
  if (bytes.length !== KEY_BYTES) {
    throw keyFault(name, `has ${bytes.length} bytes instead of ${KEY_BYTES}`, where);
  }
  if (bytes.every((byte) => byte === 0)) throw keyFault(name, 'is all zero', where);
  const secret = hiddenKey(bytes);
  return { name, kid: keyId(secret), secret };
}

/** Whether bytes are of a key that was never filled, or filled by hand. */
export function isOneByteRepeated(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte === bytes[0]);
}

/** A failure that names the key and its place, and nothing of its content. */
export function keyFault(
  name: string,
  what: string,
  where: string,
  hint = 'give the key as it was made, or make one with sealift keys generate',
): Failure {
  return new Failure('USAGE', { what: `the key "${name}" ${what}`, where, hint });
}
