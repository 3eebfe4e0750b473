/**
 * Sort keys of findings, in the order of the report when compared as bytes: module, table, row (for
 * a group, those of its first member), field, rule and id. Texts are ordered by UTF-8, rows as
 * numbers; an absent part comes first. The last byte is the finding's kind, and does not order.
 *
 * A text ends with 00 01, and a 00 in it is written 00 FF. A row is eight bytes, big endian, with
 * its sign bit inverted.
 */

import { SEVERITIES, type Finding, type Severity, type SourceLocator } from '../outcome/finding.ts';

export const ROW_BYTES = 8;
/** Bytes of the kind, after the id's end. */
export const KIND_BYTES = 1;
/** Bit of the kind: the finding is about one row of a source. */
export const HAS_ROW = 4;
const NO_ROW = -1;

/** Encodes a text as a part of the key. */
export function textPart(text: string): Buffer {
  const bytes = Buffer.from(text);
  if (!bytes.includes(0)) return Buffer.concat([bytes, TEXT_END]);
  // Latin-1 has one character for each byte.
  const escaped = bytes.toString('latin1').replaceAll('\0', '\0\u{ff}');
  return Buffer.concat([Buffer.from(escaped, 'latin1'), TEXT_END]);
}

/** Returns the offset of the 00 01 that ends the text at `at`. */
export function endOfText(key: Buffer, at: number): number {
  let end = key.indexOf(0, at);
  while (end >= 0 && key[end + 1] !== 1) end = key.indexOf(0, end + 1);
  if (end < 0) throw new RangeError('a text of a sort key has no end');
  return end;
}

export const TEXT_END: Uint8Array = Uint8Array.of(0, 1);

/** Decodes the text between `at` and its end. */
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

/** Returns the kind, the last byte of a key. */
export function kindOf(severity: Severity, hasRow: boolean): number {
  return SEVERITIES.indexOf(severity) | (hasRow ? HAS_ROW : 0);
}

/** Encodes the key of a finding; the first of its members counts. */
export function sortKey(finding: Finding, id: string): Buffer {
  const locator = finding.source ?? finding.members?.[0];
  const row = Buffer.alloc(ROW_BYTES);
  writeRow(row, locator?.row ?? NO_ROW, 0);
  return Buffer.concat([
    textPart(finding.module ?? ''),
    textPart(locator?.table ?? ''),
    row,
    textPart(finding.field ?? ''),
    textPart(finding.rule),
    textPart(id),
    Buffer.of(kindOf(finding.severity, finding.source !== undefined)),
  ]);
}
