/**
 * Where a finding stands in a report, as bytes that compare as the places do: module, table, row (of
 * a group, those of its first member), field, rule and id, texts by their UTF-8 bytes, rows as
 * numbers. What is left out comes first. A last byte says what the finding is, and orders nothing.
 *
 * In a text 00 is written 00 FF, and it ends with 00 01. A row is eight bytes, sign bit turned.
 */

import type { Finding, Severity, SourceLocator } from '../outcome/finding.ts';

export const SEVERITIES: readonly Severity[] = ['BLOCKER', 'WARNING', 'INFO'];
export const ROW_BYTES = 8;
/** Bytes after the id's end: what the finding is. */
export const KIND_BYTES = 1;
/** Set in the last byte where the finding is about one row of a source. */
export const HAS_ROW = 4;
const NO_ROW = -1;

/** A text as a part of the key. */
export function textPart(text: string): Buffer {
  const bytes = Buffer.from(text);
  if (!bytes.includes(0)) return Buffer.concat([bytes, TEXT_END]);
  // Byte by byte: latin1 has one character for each.
  const escaped = bytes.toString('latin1').replaceAll('\0', '\0\u{ff}');
  return Buffer.concat([Buffer.from(escaped, 'latin1'), TEXT_END]);
}

/** Where the text that begins at `at` ends: the place of its 00 01. */
export function endOfText(key: Buffer, at: number): number {
  let end = key.indexOf(0, at);
  while (end >= 0 && key[end + 1] !== 1) end = key.indexOf(0, end + 1);
  if (end < 0) throw new RangeError('a text of a sort key has no end');
  return end;
}

export const TEXT_END: Uint8Array = Uint8Array.of(0, 1);

/** The text between `at` and its end. */
export function readText(key: Buffer, at: number, end: number): string {
  const escaped = key.toString('latin1', at, end);
  return Buffer.from(escaped.replaceAll('\0\u{ff}', '\0'), 'latin1').toString('utf8');
}

/** Writes a row at `at`. */
export function writeRow(key: Buffer, row: SourceLocator['row'], at: number): void {
  if (typeof row === 'string') {
    key.writeBigInt64BE(BigInt.asIntN(64, BigInt(row) ^ SIGN), at);
    return;
  }
  const high = Math.floor(row / 2 ** 32);
  key.writeInt32BE(high ^ -0x8000_0000, at);
  key.writeUInt32BE(row - high * 2 ** 32, at + 4);
}

const SIGN = 1n << 63n;

export function readRow(key: Buffer, at: number): bigint {
  return BigInt.asIntN(64, key.readBigInt64BE(at) ^ SIGN);
}

/** The last byte. */
export function kindOf(severity: Severity, hasRow: boolean): number {
  return SEVERITIES.indexOf(severity) | (hasRow ? HAS_ROW : 0);
}

/** The key of a finding. Of its members only the first is looked at. */
export function sortKey(finding: Finding, id: string): Buffer {
  const place = finding.source ?? finding.members?.[0];
  const row = Buffer.alloc(ROW_BYTES);
  writeRow(row, place?.row ?? NO_ROW, 0);
  return Buffer.concat([
    textPart(finding.module ?? ''),
    textPart(place?.table ?? ''),
    row,
    textPart(finding.field ?? ''),
    textPart(finding.rule),
    textPart(id),
    Buffer.of(kindOf(finding.severity, finding.source !== undefined)),
  ]);
}
