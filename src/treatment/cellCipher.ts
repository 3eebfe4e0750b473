/**
 * Encryption of a cell: base64url(nonce ‖ ciphertext ‖ tag), AES-256-GCM. Associated data is the canonical
 * JSON of [module, key, field, class], so that a text that was moved to another record or field does not
 * open.
 *
 * The nonce is not random, so that the same data give the same bytes and roots: it is the first 12 bytes
 * of an HMAC, under a key of its own, over the canonical JSON of [module, key, field, class, value]. This is
 * safe because it depends on everything that is encrypted or authenticated. GCM breaks if two different
 * inputs share key and nonce: the difference of plaintexts shows, and tags can be forged. Here, the same
 * inputs have the same nonce, and also the same bytes, which show that they are equal and nothing else.
 * Different inputs have nonces that are independent of each other, as if they were random: among 2³² cells
 * of a key, two are equal with probability 2⁻³³. The class has to be in it, as it is in the associated data.
 */

import { NONCE_BYTES, openGcm, sealGcm, TAG_BYTES } from '../crypto/aesGcm.ts';
import { decodeBase64, encodeBase64 } from '../crypto/base64.ts';
import { textOf } from '../crypto/opened.ts';
import { textHmac } from '../crypto/textHmac.ts';
import { canonicalJson } from '../record/canonical.ts';
import type { RecordKey, TreatedField, TreatmentKeys } from './treatment.ts';

export interface CellCipher {
  /** Encrypts the canonical JSON of a value. */
  seal(json: string, key: RecordKey): string;
  /** Decrypts; null unless it is exactly what {@link seal} writes for this place. */
  open(sealed: string, key: RecordKey): string | null;
}

export function cellCipher(
  { module, field, class: of }: TreatedField,
  { encryption, nonce: nonceKey }: TreatmentKeys,
): CellCipher {
  const mac = textHmac(nonceKey, 'hex');
  const place = (key: RecordKey): string => canonicalJson([module, key, field, of]);
  const nonceOf = (json: string, where: string): Buffer =>
    Buffer.from(mac(`${where.slice(0, -1)},${json}]`).slice(0, 2 * NONCE_BYTES), 'hex');
  return {
    seal(json, key) {
      const where = place(key);
      const nonce = nonceOf(json, where);
      const { ciphertext, tag } = sealGcm(encryption, nonce, json, Buffer.from(where));
      return encodeBase64(Buffer.concat([nonce, ciphertext, tag]), 'unpadded');
    },
    open(sealed, key) {
      const bytes = decodeBase64(sealed, 'unpadded');
      if (bytes === null || bytes.length < NONCE_BYTES + TAG_BYTES) return null;
      const where = place(key);
      const nonce = bytes.subarray(0, NONCE_BYTES);
      const body = {
        ciphertext: bytes.subarray(NONCE_BYTES, -TAG_BYTES),
        tag: bytes.subarray(-TAG_BYTES),
      };
      const plaintext = openGcm(encryption, nonce, body, Buffer.from(where));
      const opened = plaintext === null ? null : textOf(plaintext);
      if (opened === null || !('text' in opened)) return null;
      return nonceOf(opened.text, where).equals(nonce) ? opened.text : null;
    },
  };
}
