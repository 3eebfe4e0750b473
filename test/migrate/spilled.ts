/** Entries in a bucket on disk, as the first phase leaves them there. */

import { randomUUID } from 'node:crypto';
import { join } from 'node:path';

import { ENTRY_HEADER, readBucket, spillWriter, type Bucket } from '../../src/extsort/spill.ts';
import { emptyView, locatorOf, readEntry } from '../../src/extsort/entry.ts';
import { entryCapacity, writeEntry } from '../../src/migrate/worker/spillEntry.ts';
import { keyEncoding } from '../../src/record/keyOrder.ts';

const ENCODINGS = [keyEncoding({ kind: 'string' })];

export interface Entry {
  readonly key: string;
  readonly record: string;
  readonly lineage: string;
  readonly locator: number | string;
  /** What was found in the row, as pairs of field and rule. */
  readonly found?: readonly (readonly [string, string])[];
}

/** Writes the entries to one bucket of a new file in `folder`. */
export function spilled(folder: string, entries: readonly Entry[], chunk = 4096): Bucket {
  const writer = spillWriter(join(folder, randomUUID()), 1, chunk);
  for (const { key, record, lineage, locator, found } of entries) {
    const diagnoses = found === undefined ? '' : JSON.stringify(found);
    const entry = { key: [key], record, lineage, diagnoses, locator };
    const { buffer } = writer.reserve(entryCapacity(entry));
    writer.commit(0, writeEntry(buffer, 0, ENCODINGS, entry));
  }
  return writer.finish()[0] ?? { extents: [], bytes: 0, entries: 0 };
}

/** The entries of a bucket in the order in which they lie there. */
export function entriesOf(bucket: Bucket): Entry[] {
  const buffer = readBucket(bucket);
  const entries: Entry[] = [];
  const view = emptyView();
  for (let at = 0; at < buffer.length; at = view.end) {
    readEntry(buffer, at, view);
    const key = ENCODINGS[0]?.read(buffer, at + ENTRY_HEADER)[0];
    const line = (from: number, to: number): string => buffer.toString('utf8', from, to - 1);
    const { keyEnd, recordEnd, lineageEnd, end } = view;
    const lineage = lineageEnd === recordEnd ? '' : line(recordEnd, lineageEnd);
    const text = buffer.toString('utf8', lineageEnd, end);
    const found = text === '' ? {} : { found: JSON.parse(text) as [string, string][] };
    const locator = locatorOf(buffer, at);
    entries.push({ key: String(key), record: line(keyEnd, recordEnd), lineage, locator, ...found });
  }
  return entries;
}
