/**
 * `gcm3`: base64(iv12):base64(tag16):base64(ciphertext), AES-256-GCM under the key as it is, without
 * associated data. It is bound to no row. Without its prefix here.
 */

import { NONCE_BYTES, openGcm, sealGcm, TAG_BYTES } from './aesGcm.ts';
import { decodeBase64 } from './base64.ts';
import type { EncryptionKey } from './encryptionKey.ts';
import { refused, textOf, type Opened } from './opened.ts';

export function openGcm3({ secret }: EncryptionKey, text: string): Opened {
  const parts = text.split(':');
  const [nonce, tag, ciphertext] = parts.map((part) => decodeBase64(part, 'standard'));
  if (parts.length !== 3 || !nonce || !tag || !ciphertext) return refused('form');
  if (nonce.length !== NONCE_BYTES || tag.length !== TAG_BYTES) return refused('form');
  const plaintext = openGcm(secret, nonce, { ciphertext, tag });
  return plaintext === null ? refused('not-authentic') : textOf(plaintext);
}

/** The nonce is 12 random bytes, never used twice. @throws RangeError if the text is not Unicode */
export function sealGcm3({ secret }: EncryptionKey, text: string, nonce: Uint8Array): string {
  if (!text.isWellFormed()) throw new RangeError('a text that is not Unicode');
  const { ciphertext, tag } = sealGcm(secret, nonce, text);
  return [Buffer.from(nonce), tag, ciphertext].map((part) => part.toString('base64')).join(':');
}
