/** Names of rows in keys of objects, and in the order of a run. Pure. */

import { hash } from 'node:crypto';

import type { Cell, RowKey } from '../database/database.ts';
import { plainPart, rowText } from '../project/rowText.ts';

/** Longest part of a key that names a row; a file system takes 255 bytes as a name. */
const MOST_NAME = 200;

/**
 * Returns `prefix/ROW/SHA256`. The row is percent-encoded as in a URL, parts joined by commas; one that
 * is too long is named by its digest.
 */
export function objectKey(prefix: string, key: RowKey, sha256: string): string {
  return `${prefix}/${nameInKey(key)}/${sha256}`;
}

function nameInKey(key: RowKey): string {
  const name = key.map((cell) => encodedPart(plainPart(cell))).join(',');
  if (name.length <= MOST_NAME) return name;
  return `~${hash('sha256', rowText(key))}`;
}

/** Encodes all but letters, digits, `-`, `_` and `.`; a part that a path would take for a place, too. */
function encodedPart(text: string): string {
  if (text === '') return '%';
  const encoded = encodeURIComponent(text).replaceAll(/[!'()*~]/g, percent);
  return /^\.+$/.test(encoded) ? encoded.replaceAll('.', '%2E') : encoded;
}

function percent(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
}

/** Bytes whose order is that of rows: numbers by value, then texts and bytes by their bytes. */
export function rowOrder(key: RowKey): Buffer {
  return Buffer.concat(key.map(orderedPart));
}

const INTEGER = 1;
const TEXT = 2;
const BYTES = 3;
const SIGN = 1n << 127n;

function orderedPart(cell: Cell): Buffer {
  if (typeof cell === 'bigint') {
    const hex = (BigInt.asUintN(128, cell) ^ SIGN).toString(16).padStart(32, '0');
    return Buffer.concat([Buffer.of(INTEGER), Buffer.from(hex, 'hex')]);
  }
  const bytes = typeof cell === 'string' ? Buffer.from(cell) : Buffer.from(cell ?? []);
  // A 00 is written 00 FF, and a part ends with 00 01, so that a shorter one comes first.
  const escaped = bytes.toString('latin1').replaceAll('\0', '\0\u{ff}');
  const kind = typeof cell === 'string' ? TEXT : BYTES;
  return Buffer.concat([Buffer.of(kind), Buffer.from(escaped, 'latin1'), Buffer.of(0, 1)]);
}
