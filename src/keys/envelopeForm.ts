/**
 * The forms of ciphertexts, told strictly by how they are written: a prose that begins with `enc:v1:`
 * has none of them. Pure.
 */

import { A1_PREFIX, a1KeyId } from '../crypto/a1.ts';
import { decodeBase64 } from '../crypto/base64.ts';
import { ENVELOPE_PREFIX, type EnvelopeForm } from '../crypto/classify.ts';

/** `token`: Fernet without prefix. */
export type FoundForm = EnvelopeForm | 'token';

/** What every Fernet token begins with, until the year 2106. */
const TOKEN_START = 'gAAAA';
const TOKEN_LEAST = 73;
const CBC2 = /^[0-9a-f]{32}:(?:[0-9a-f]{32})+$/;

/** Tells the form of a value; null for what is no ciphertext that we know. */
export function formOfValue(value: string): FoundForm | null {
  if (value.startsWith(ENVELOPE_PREFIX)) return formOfEnvelope(value);
  return value.startsWith(TOKEN_START) && isToken(value) ? 'token' : null;
}

function formOfEnvelope(value: string): EnvelopeForm | null {
  if (value.startsWith(A1_PREFIX)) return isA1(value) ? 'a1' : null;
  const body = value.slice(ENVELOPE_PREFIX.length);
  if (body.startsWith(TOKEN_START)) return isToken(body) ? 'fernet' : null;
  if (CBC2.test(body)) return 'cbc2';
  return isGcm3(body) ? 'gcm3' : null;
}

function isA1(value: string): boolean {
  if (a1KeyId(value) === null) return false;
  const bytes = decodeBase64(value.slice(value.lastIndexOf('.') + 1), 'unpadded');
  return bytes !== null && bytes.length >= 28;
}

function isToken(body: string): boolean {
  const bytes = decodeBase64(body, 'urlsafe');
  return bytes !== null && bytes.length >= TOKEN_LEAST && (bytes.length - 57) % 16 === 0;
}

/** Whether a text is base64(12 bytes):base64(16 bytes):base64. */
export function isGcm3(body: string): boolean {
  const parts = body.split(':');
  if (parts.length !== 3) return false;
  const [nonce, tag, text] = parts.map((part) => decodeBase64(part, 'standard'));
  return nonce?.length === 12 && tag?.length === 16 && text !== null;
}

/** Whether a text is hex(16 bytes):hex(blocks of 16 bytes). */
export function isCbc2(body: string): boolean {
  return CBC2.test(body);
}
