/** AES in CBC mode with PKCS #7 padding, for reading: needs a valid padding and valid UTF-8. */

import { createDecipheriv, type KeyObject } from 'node:crypto';

import { refused, textOf, type Opened } from './opened.ts';

/** Decrypts whole blocks. A text that comes out does not prove that nothing was changed. */
export function openCbc(
  cipher: 'aes-128-cbc' | 'aes-256-cbc',
  key: KeyObject,
  iv: Uint8Array,
  ciphertext: Uint8Array,
): Opened {
  const decipher = createDecipheriv(cipher, key, iv);
  const start = decipher.update(ciphertext);
  try {
    return textOf(Buffer.concat([start, decipher.final()]));
  } catch {
    return refused('padding');
  }
}
