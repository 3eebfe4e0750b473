/**
 * `cbc2`: hex(iv16):hex(ciphertext), AES-256-CBC under the key as it is. It is not authenticated, so it
 * is read, and never written. Without its prefix here.
 */

import { openCbc } from './cbc.ts';
import type { EncryptionKey } from './encryptionKey.ts';
import { refused, type Opened } from './opened.ts';

const FORM = /^([0-9a-f]{32}):([0-9a-f]+)$/;
const BLOCK_DIGITS = 32;

export function openCbc2({ secret }: EncryptionKey, text: string): Opened {
  const [, iv = '', ciphertext = ''] = FORM.exec(text) ?? [];
  if (ciphertext === '' || ciphertext.length % BLOCK_DIGITS !== 0) return refused('form');
  return openCbc('aes-256-cbc', secret, Buffer.from(iv, 'hex'), Buffer.from(ciphertext, 'hex'));
}
