/**
 * What may be kept of a plaintext: an HMAC that is bound to its row, for the journal, and a blind index,
 * by which equal values are found. Both under keys of their own, derived from one that is secret: an
 * unkeyed hash of a short secret can be guessed.
 */

import { createHmac, type KeyObject } from 'node:crypto';

import type { EncryptionKey } from './encryptionKey.ts';
import { derivedKey } from './hkdf.ts';
import { lengthPrefixed, partsOf, type RowReference } from './rowReference.ts';

const JOURNAL = 'enc:v1:journal mac';
const INDEX = 'enc:v1:blind index';

/** HMAC-SHA256 (RFC 2104). */
export function hmacSha256(key: KeyObject, ...parts: readonly (string | Uint8Array)[]): Buffer {
  const hmac = createHmac('sha256', key);
  for (const part of parts) hmac.update(part);
  return hmac.digest();
}

/** Makes the function that gives the HMAC of a text in its row, as base64url of 32 bytes. */
export function journalMac({ secret }: EncryptionKey): (row: RowReference, text: string) => string {
  const key = derivedKey(secret, JOURNAL);
  return (row, text) =>
    hmacSha256(key, lengthPrefixed([JOURNAL, ...partsOf(row), text])).toString('base64url');
}

/** A step before values are compared: Unicode NFC, whitespace off both ends, lower case. */
export type NormalStep = 'nfc' | 'trim' | 'lower';

const STEPS: Readonly<Record<NormalStep, (text: string) => string>> = {
  nfc: (text) => text.normalize('NFC'),
  trim: trimAscii,
  lower: (text) => text.toLowerCase(),
};

/** A column that values are searched by. */
export interface BlindIndex {
  /** Logical names of the column whose plaintext it is. */
  readonly table: string;
  readonly column: string;
  /** Steps in this order; none compares values as they are. */
  readonly normalise: readonly NormalStep[];
}

/**
 * Makes the function that gives the blind index of a text, as base64url of 32 bytes. Equal texts of a
 * column have equal indexes, those of two columns do not.
 */
export function blindIndex(
  { secret }: EncryptionKey,
  { table, column, normalise }: BlindIndex,
): (text: string) => string {
  const key = derivedKey(secret, lengthPrefixed([INDEX, table, column]));
  return (text) => {
    const normal = normalise.reduce((value, step) => STEPS[step](value), text);
    return hmacSha256(key, normal).toString('base64url');
  };
}

/** Trims ASCII whitespace only, so that every language trims the same; no pattern, which could be slow. */
function trimAscii(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && isSpace(text.charCodeAt(start))) start += 1;
  while (end > start && isSpace(text.charCodeAt(end - 1))) end -= 1;
  return text.slice(start, end);
}

/** Tab, line feed, vertical tab, form feed, carriage return, space. */
function isSpace(code: number): boolean {
  return code === 0x20 || (code >= 0x09 && code <= 0x0d);
}
