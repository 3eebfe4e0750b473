/** Entries in a bucket on disk, as the first phase leaves them there. */

import { randomUUID } from 'node:crypto';
import { join } from 'node:path';

import { readBucket, spillWriter, type Bucket } from '../../src/disk/spill.ts';
import {
  entryRoom,
  readEntry,
  rowOf,
  writeEntry,
  type EntryView,
} from '../../src/migrate/entry.ts';
import { keyEncoding } from '../../src/record/keyOrder.ts';

const ENCODINGS = [keyEncoding({ kind: 'string' })];

export interface Entry {
  readonly key: string;
  readonly record: string;
  readonly lineage: string;
  readonly row: number | string;
}

/** Writes the entries to one bucket of a new file in `folder`. */
export function spilled(folder: string, entries: readonly Entry[], chunk = 4096): Bucket {
  const writer = spillWriter(join(folder, randomUUID()), 1, chunk);
  for (const { key, record, lineage, row } of entries) {
    const { buffer } = writer.reserve(entryRoom([key], record, lineage));
    writer.commit(0, writeEntry(buffer, 0, ENCODINGS, { key: [key], record, lineage, row }));
  }
  return writer.finish()[0] ?? { extents: [], bytes: 0, entries: 0 };
}

/** The entries of a bucket in the order in which they lie there. */
export function entriesOf(bucket: Bucket): Entry[] {
  const buffer = readBucket(bucket);
  const entries: Entry[] = [];
  const view: EntryView = { start: 0, keyEnd: 0, recordEnd: 0, end: 0 };
  for (let at = 0; at < buffer.length; at = view.end) {
    readEntry(buffer, at, view);
    const key = ENCODINGS[0]?.read(buffer, at + 20)[0];
    const line = (from: number, to: number): string => buffer.toString('utf8', from, to - 1);
    const { keyEnd, recordEnd, end } = view;
    const lineage = end === recordEnd ? '' : line(recordEnd, end);
    const row = rowOf(buffer, at);
    entries.push({ key: String(key), record: line(keyEnd, recordEnd), lineage, row });
  }
  return entries;
}
