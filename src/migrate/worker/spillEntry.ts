/** Writes entries of records to a spill, in the layout of extsort/spill.ts. */

import { writeHeader, type Locator } from '../../extsort/entry.ts';
import { ENTRY_HEADER } from '../../extsort/spill.ts';
import type { KeyEncoding, KeyValue } from '../../record/keyOrder.ts';

const LF = 0x0a;

/** The parts of an entry. */
export interface EntryParts {
  readonly key: readonly KeyValue[];
  readonly record: string;
  /** '' for none. */
  readonly lineage: string;
  /** JSON of the row's diagnoses; '' for none. */
  readonly diagnoses: string;
}

/** Upper bound of the size of an entry in bytes. */
export function entryCapacity({ key, record, lineage, diagnoses }: EntryParts): number {
  let bytes = ENTRY_HEADER + textBytes(record) + 1 + textBytes(lineage) + 1 + textBytes(diagnoses);
  for (const part of key) bytes += typeof part === 'string' ? part.length * 6 + 2 : 16;
  return bytes;
}

/** Upper bound of UTF-8 bytes: quick for short texts, exact for large ones to save memory. */
function textBytes(text: string): number {
  return text.length < 65_536 ? text.length * 3 : Buffer.byteLength(text);
}

/** Writes an entry at `start`; returns its size in bytes. */
export function writeEntry(
  buffer: Buffer,
  start: number,
  encodings: readonly KeyEncoding[],
  entry: EntryParts & { readonly locator: Locator },
): number {
  let at = start + ENTRY_HEADER;
  for (const [index, encoding] of encodings.entries()) {
    at = encoding.write(entry.key[index] ?? '', buffer, at);
  }
  const keyEnd = at;
  at += buffer.write(entry.record, at);
  buffer[at] = LF;
  const recordEnd = at + 1;
  at = recordEnd;
  if (entry.lineage !== '') {
    at += buffer.write(entry.lineage, at);
    buffer[at] = LF;
    at += 1;
  }
  const lineageEnd = at;
  if (entry.diagnoses !== '') at += buffer.write(entry.diagnoses, at);
  writeHeader(buffer, start, { start, keyEnd, recordEnd, lineageEnd, end: at }, entry.locator);
  return at - start;
}
