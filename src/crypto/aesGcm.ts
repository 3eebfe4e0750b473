/** AES-256-GCM (NIST SP 800-38D) with 96-bit nonces and full tags of 128 bits; shorter ones are refused. */

import { createCipheriv, createDecipheriv, type KeyObject } from 'node:crypto';

const CIPHER = 'aes-256-gcm';
export const NONCE_BYTES = 12;
export const TAG_BYTES = 16;
/** Without it, Node takes tags of four bytes. */
const FULL_TAG = { authTagLength: TAG_BYTES };
const NO_DATA: Uint8Array = new Uint8Array();

export interface Sealed {
  readonly ciphertext: Buffer;
  readonly tag: Buffer;
}

/** Encrypts. The nonce has to be random and must not be used with this key again. */
export function sealGcm(
  key: KeyObject,
  nonce: Uint8Array,
  plaintext: string | Uint8Array,
  aad: Uint8Array = NO_DATA,
): Sealed {
  if (nonce.length !== NONCE_BYTES) throw new RangeError(`a nonce of ${nonce.length} bytes`);
  const cipher = createCipheriv(CIPHER, key, nonce, FULL_TAG);
  if (aad.length > 0) cipher.setAAD(aad);
  // GCM is a stream: `update` gives everything, and `final` only computes the tag.
  const ciphertext =
    typeof plaintext === 'string' ? cipher.update(plaintext, 'utf8') : cipher.update(plaintext);
  cipher.final();
  return { ciphertext, tag: cipher.getAuthTag() };
}

/** Decrypts; null if anything differs from what was sealed. */
export function openGcm(
  key: KeyObject,
  nonce: Uint8Array,
  { ciphertext, tag }: Sealed,
  aad: Uint8Array = NO_DATA,
): Buffer | null {
  if (nonce.length !== NONCE_BYTES || tag.length !== TAG_BYTES) return null;
  const decipher = createDecipheriv(CIPHER, key, nonce, FULL_TAG);
  if (aad.length > 0) decipher.setAAD(aad);
  decipher.setAuthTag(tag);
  const plaintext = decipher.update(ciphertext);
  try {
    decipher.final();
  } catch {
    return null;
  }
  return plaintext;
}
