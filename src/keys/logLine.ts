/**
 * The log of changes: a table beside the application's, with a line for each value that was changed, in
 * the transaction that changed it. A line holds an HMAC of the plaintext under a derived key and a digest of the
 * ciphertext, both bound to the row, and what stood there before, sealed under the key of the log.
 */

import { hash } from 'node:crypto';

import { a1, type A1Cipher } from '../crypto/a1.ts';
import type { EncryptionKey } from '../crypto/encryptionKey.ts';
import { journalMac } from '../crypto/plaintextMac.ts';
import { lengthPrefixed, type RowReference } from '../crypto/rowReference.ts';
import type { Cell, LogTable, RowKey } from '../database/database.ts';
import { parseRow, rowText } from '../project/rowText.ts';
import { referenceOf } from './rowPlace.ts';

export const KEYS_LOG: LogTable = {
  name: 'sealift_keys_log',
  columns: [
    { name: 'run', kind: 'text' },
    { name: 'step', kind: 'text' },
    { name: 'table_name', kind: 'text' },
    { name: 'column_name', kind: 'text' },
    { name: 'row_key', kind: 'text' },
    { name: 'kid', kind: 'text' },
    { name: 'mac', kind: 'text' },
    { name: 'written', kind: 'text' },
    { name: 'original', kind: 'text' },
  ],
};

export const LOG_STEPS = ['migrated', 'rotated', 'rebound', 'restored'] as const;
export type LogStep = (typeof LOG_STEPS)[number];

/** A line as it was read. */
export interface LogLine {
  readonly run: string;
  readonly step: LogStep;
  readonly key: RowKey;
  readonly reference: RowReference;
  readonly mac: string;
  /** Digest of the ciphertext that was written, see {@link ciphertextDigest}; empty if it was none. */
  readonly written: string;
  /** What stood there before, sealed. */
  readonly original: string;
}

/** What stood in a row before. */
export interface Before {
  readonly value: Cell;
  readonly index: Cell;
}

export interface NewLine {
  readonly run: string;
  readonly step: LogStep;
  readonly reference: RowReference;
  readonly key: RowKey;
  /** Key id of what was written; empty if it is under none. */
  readonly kid: string;
  /** Plaintext; null where it was not opened. */
  readonly text: string | null;
  readonly written: Cell;
  readonly before: Before;
}

export interface LogCipher {
  /** Makes the cells of a line. */
  line(line: NewLine): readonly Cell[];
  /** HMAC of a plaintext in its row. */
  mac(reference: RowReference, text: string): string;
  /** Opens what stood there before; null if the line was changed or is of another key. */
  before(line: LogLine): Before | null;
}

/** Makes what writes and opens lines under the key of the log. */
export function logCipher(key: EncryptionKey, nonce: () => Uint8Array): LogCipher {
  const cipher: A1Cipher = a1(key, 'rollback');
  const mac = journalMac(key);
  return {
    mac,
    line({ run, step, reference, key: rowKey, kid, text, written, before }) {
      const kept = JSON.stringify([partOf(before.value), partOf(before.index)]);
      return [
        run,
        step,
        reference.table,
        reference.column,
        rowText(rowKey),
        kid,
        text === null ? '' : mac(reference, text),
        text === null ? '' : ciphertextDigest(reference, written),
        cipher.seal(reference, kept, nonce()),
      ];
    },
    before({ reference, original }) {
      const opened = cipher.open(reference, original);
      if ('refused' in opened) return null;
      const [value, index] = JSON.parse(opened.text) as unknown[];
      return { value: cellOf(value), index: cellOf(index) };
    },
  };
}

/** Reads what verification needs of a line, and no more: digest and HMAC; null where no ciphertext was written. */
export function writtenOf(cells: readonly Cell[]): { digest: string; mac: string } | null {
  const [, step, , , , , mac, digest] = cells;
  if (step === 'restored' || typeof mac !== 'string' || typeof digest !== 'string') return null;
  return mac === '' || digest === '' ? null : { digest, mac };
}

/** Reads a line; null for one that no version of ours has written. */
export function readLine(cells: readonly Cell[]): LogLine | null {
  const texts = cells.map((cell) => (typeof cell === 'string' ? cell : null));
  const [run, step, table, column, row, , mac, written, original] = texts;
  const known = LOG_STEPS.find((name) => name === step);
  const key = parseRow(row ?? '');
  if (known === undefined || key === null) return null;
  if (!run || !table || !column || typeof mac !== 'string' || !original) return null;
  if (typeof written !== 'string') return null;
  const reference = referenceOf({ table, column }, key);
  return { run, step: known, key, reference, mac, written, original };
}

/**
 * SHA-256 of a ciphertext in its row, as base64url: it finds the line of a value without a search. Of what is
 * no ciphertext it must never be kept.
 */
export function ciphertextDigest(reference: RowReference, cell: Cell): string {
  const { table, column, key } = reference;
  const bytes = lengthPrefixed([table, column, ...key, exactText(cell)]);
  return hash('sha256', bytes, 'base64url');
}

/** A text that no cell of another type or content has. */
function exactText(cell: Cell): string {
  if (typeof cell === 'string') return `t${cell}`;
  return cell instanceof Uint8Array ? `b${Buffer.from(cell).toString('base64')}` : `n${cell}`;
}

function partOf(cell: Cell): unknown {
  if (cell === null || typeof cell === 'string') return cell;
  if (typeof cell === 'bigint') return { integer: String(cell) };
  return { bytes: Buffer.from(cell).toString('base64') };
}

function cellOf(part: unknown): Cell {
  if (typeof part === 'string') return part;
  const { integer, bytes } = Object(part) as Record<string, unknown>;
  if (typeof integer === 'string') return BigInt(integer);
  return typeof bytes === 'string' ? Buffer.from(bytes, 'base64') : null;
}
