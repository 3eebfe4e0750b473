/** Ciphertexts that the tests make by src/crypto and a clock and randomness of their own. */

import { createCipheriv, randomBytes } from 'node:crypto';

import { a1 } from '../../src/crypto/a1.ts';
import type { EncryptionKey } from '../../src/crypto/encryptionKey.ts';
import { fernet } from '../../src/crypto/fernet.ts';
import { sealGcm3 } from '../../src/crypto/gcm3.ts';
import { readKeyText } from '../../src/crypto/keyText.ts';
import { blindIndex } from '../../src/crypto/plaintextMac.ts';
import { keyHex } from './project.ts';

const K1 = key('k1', 1);
const K2 = key('k2', 2);
const OLD = key('old', 3);
const FOREIGN = key('foreign', 9);
const INDEX = key('index', 4);
export const KEY_BY_NAME = { k1: K1, k2: K2, old: OLD, foreign: FOREIGN, index: INDEX };
type Name = keyof typeof KEY_BY_NAME;

function key(name: string, number: number): EncryptionKey {
  return readKeyText(name, keyHex(number), 'test');
}

export interface At {
  readonly id: number | string;
  readonly table?: string;
  readonly column?: string;
}

function reference({ id, table = 'secrets', column = 'value' }: At): {
  table: string;
  column: string;
  key: string[];
} {
  return { table, column, key: [String(id)] };
}

export function sealA1(name: Name, text: string, at: At): string {
  return a1(KEY_BY_NAME[name]).seal(reference(at), text, randomBytes(12));
}

export function openA1(name: Name, envelope: string, at: At): string | null {
  const opened = a1(KEY_BY_NAME[name]).open(reference(at), envelope);
  return 'text' in opened ? opened.text : null;
}

/** Fernet without prefix. */
export function sealToken(name: Name, text: string): string {
  return fernet(KEY_BY_NAME[name]).seal(text, { seconds: 1_771_362_000, iv: randomBytes(16) });
}

export function sealGcm(name: Name, text: string): string {
  return `enc:v1:${sealGcm3(KEY_BY_NAME[name], text, randomBytes(12))}`;
}

export function sealCbc(name: Name, text: string): string {
  const iv = randomBytes(16);
  const cipher = createCipheriv('aes-256-cbc', KEY_BY_NAME[name].secret, iv);
  const bytes = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
  return `enc:v1:${iv.toString('hex')}:${bytes.toString('hex')}`;
}

export function indexOfText(text: string): string {
  const place = { table: 'secrets', column: 'value', normalise: ['trim', 'lower'] } as const;
  return blindIndex(INDEX_KEY, place)(text);
}
const INDEX_KEY: EncryptionKey = INDEX;
