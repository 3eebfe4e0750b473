/**
 * The envelope `a1`: `enc:v1:a1.<kid>.<base64url(nonce12 ‖ ciphertext ‖ tag16)>`, AES-256-GCM under a
 * derived key. The row, the column and the table are authenticated: an envelope that was moved does
 * not open. The key id commits to the key: a wrong one is seen before anything is decrypted.
 * docs/keys-format.md describes it byte by byte.
 */

import { NONCE_BYTES, openGcm, sealGcm, TAG_BYTES } from './aesGcm.ts';
import { decodeBase64, encodeBase64 } from './base64.ts';
import type { EncryptionKey } from './encryptionKey.ts';
import { derivedKey } from './hkdf.ts';
import { refused, textOf, type Opened } from './opened.ts';
import { lengthPrefixed, partsOf, type RowReference } from './rowReference.ts';

export const A1_PREFIX = 'enc:v1:a1.';
const KID_END: number = A1_PREFIX.length + 22;
const KID = /^[A-Za-z0-9_-]{21}[AQgw]$/;

/** What is inside: the value of a cell, or what stood in the cell before, kept for a rollback. */
export type A1Purpose = 'cell' | 'rollback';

const LABELS: Readonly<Record<A1Purpose, string>> = {
  cell: 'enc:v1:a1',
  rollback: 'enc:v1:a1 rollback',
};

export interface A1Cipher {
  readonly kid: string;
  /**
   * Seals a text for its row. `nonce` is 12 random bytes, never used twice. @throws Failure MAPPING if
   * the row reference is empty; RangeError if the text is not Unicode
   */
  seal(row: RowReference, text: string, nonce: Uint8Array): string;
  /** Opens an envelope of this row. @throws Failure MAPPING if the row reference is empty */
  open(row: RowReference, envelope: string): Opened;
}

/** Seals and opens `a1` under a key. One purpose never opens what another sealed. */
export function a1(key: EncryptionKey, purpose: A1Purpose = 'cell'): A1Cipher {
  const { kid } = key;
  const encryption = derivedKey(key.secret, 'enc:v1:a1 enc');
  const place = (row: RowReference): Buffer =>
    lengthPrefixed([LABELS[purpose], kid, ...partsOf(row)]);
  return {
    kid,
    seal(row, text, nonce) {
      if (!text.isWellFormed()) throw new RangeError('a text that is not Unicode');
      const { ciphertext, tag } = sealGcm(encryption, nonce, text, place(row));
      const bytes = Buffer.concat([nonce, ciphertext, tag]);
      return `${A1_PREFIX}${kid}.${encodeBase64(bytes, 'unpadded')}`;
    },
    open(row, envelope) {
      const aad = place(row);
      const named = a1KeyId(envelope);
      if (named === null) return refused('form');
      if (named !== kid) return refused('other-key');
      const bytes = decodeBase64(envelope.slice(KID_END + 1), 'unpadded');
      if (bytes === null || bytes.length < NONCE_BYTES + TAG_BYTES) return refused('form');
      const ciphertext = bytes.subarray(NONCE_BYTES, -TAG_BYTES);
      const sealed = { ciphertext, tag: bytes.subarray(-TAG_BYTES) };
      const plaintext = openGcm(encryption, bytes.subarray(0, NONCE_BYTES), sealed, aad);
      return plaintext === null ? refused('not-authentic') : textOf(plaintext);
    },
  };
}

/** The key id that an envelope names; null if it does not have the form. Proves nothing by itself. */
export function a1KeyId(envelope: string): string | null {
  if (!envelope.startsWith(A1_PREFIX) || envelope[KID_END] !== '.') return null;
  const kid = envelope.slice(A1_PREFIX.length, KID_END);
  return KID.test(kid) ? kid : null;
}

/** Characters of an envelope of so many bytes of UTF-8. */
export function a1Length(bytes: number): number {
  return KID_END + 1 + Math.ceil((4 * (NONCE_BYTES + bytes + TAG_BYTES)) / 3);
}
