/**
 * Fernet (its specification, version 0x80): base64url with padding of
 * 0x80 ‖ seconds (u64be) ‖ IV (16) ‖ AES-128-CBC ‖ HMAC-SHA256 over all before. Of the 32 bytes of the
 * key, the first half signs and the second encrypts. Read strictly; the age of a token means nothing
 * at rest and is not judged.
 */

import { createCipheriv, createHmac, timingSafeEqual, type KeyObject } from 'node:crypto';

import { decodeBase64, encodeBase64 } from './base64.ts';
import { openCbc } from './cbc.ts';
import type { EncryptionKey } from './encryptionKey.ts';
import { hiddenKey } from './hkdf.ts';
import { refused, type Opened } from './opened.ts';

const VERSION = 0x80;
const HEAD = 25;
const BLOCK = 16;
const MAC = 32;

export interface FernetMoment {
  /** Unix time, in seconds. */
  readonly seconds: number;
  /** 16 random bytes. */
  readonly iv: Uint8Array;
}

export interface FernetCipher {
  readonly kid: string;
  seal(text: string, moment: FernetMoment): string;
  open(token: string): Opened;
}

/** Seals and opens Fernet tokens; they are bound to no row. */
export function fernet(key: EncryptionKey): FernetCipher {
  const bytes = key.secret.export();
  const signing = hiddenKey(bytes.subarray(0, 16));
  const encryption = hiddenKey(bytes.subarray(16));
  return {
    kid: key.kid,
    seal(text, { seconds, iv }) {
      if (!text.isWellFormed()) throw new RangeError('a text that is not Unicode');
      const head = Buffer.alloc(HEAD);
      head[0] = VERSION;
      head.writeBigUInt64BE(BigInt(seconds), 1);
      head.set(iv, HEAD - BLOCK);
      const cipher = createCipheriv('aes-128-cbc', encryption, iv);
      const body = Buffer.concat([head, cipher.update(text, 'utf8'), cipher.final()]);
      return encodeBase64(Buffer.concat([body, macOf(signing, body)]), 'urlsafe');
    },
    open(token) {
      const all = decodeBase64(token, 'urlsafe');
      if (all === null || !hasForm(all)) return refused('form');
      const body = all.subarray(0, -MAC);
      if (!timingSafeEqual(macOf(signing, body), all.subarray(-MAC))) {
        return refused('not-authentic');
      }
      const iv = body.subarray(HEAD - BLOCK, HEAD);
      return openCbc('aes-128-cbc', encryption, iv, body.subarray(HEAD));
    },
  };
}

function hasForm(all: Buffer): boolean {
  const size = all.length - HEAD - MAC;
  return all[0] === VERSION && size >= BLOCK && size % BLOCK === 0;
}

function macOf(signing: KeyObject, body: Buffer): Buffer {
  return createHmac('sha256', signing).update(body).digest();
}
