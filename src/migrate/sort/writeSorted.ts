/** The second phase of a module: its buckets, sorted by the workers, written one after the other. */

import { inOrder } from '../../threads/inOrder.ts';
import type { Pool } from '../../threads/pool.ts';
import { asBuffer, sharedRooms } from '../../threads/sharedBuffer.ts';
import { removeFile } from '../../disk/noLinks.ts';
import { lastUses, type Bucket } from '../../extsort/spill.ts';
import type { CompiledModule } from '../../mapping/compile/module.ts';
import type { Finding } from '../../outcome/finding.ts';
import type { ModuleWriter } from '../../seal/moduleWriter.ts';
import type { PreparedSource } from '../../source/source.ts';
import { placesOf } from '../rowsToRead.ts';
import {
  countedDiagnoses,
  sortedRoom,
  type CountedDiagnosis,
  type SortedBucket,
} from './sortBucket.ts';

export interface SortContext {
  readonly pool: Pool;
  readonly source: PreparedSource;
  /** Rows with equal keys are kept, and it is said which row each record comes from. */
  readonly provisional: boolean;
}

export interface SortedRecords {
  /** One BLOCKER for each group of rows with the same key. */
  readonly duplicates: Finding[];
  /** Entries that were one with another. */
  readonly merged: number;
  /** What was found on rows of the records, and how often. */
  readonly diagnosed: readonly CountedDiagnosis[];
  /** Provisional: the row of each record, in the order of the data file. */
  readonly rows: BigInt64Array;
}

/**
 * Sorts the buckets, which are in key order, on all workers, and writes them in order. What they were
 * spilled to is removed on the way.
 */
export async function writeSorted(
  module: CompiledModule,
  buckets: readonly Bucket[],
  writer: ModuleWriter,
  { pool, provisional, source }: SortContext,
): Promise<SortedRecords> {
  const merge = module.mapping.merge === 'equal';
  const keyFields = module.orderFields;
  const table = placesOf(module, source);
  const duplicates: Finding[] = [];
  const diagnosed = countedDiagnoses();
  let merged = 0;
  const rows: BigInt64Array[] = [];
  const rooms = sharedRooms();
  const sorted = inOrder(buckets, pool.size + 1, async (bucket) => {
    const room = rooms.take(sortedRoom(bucket));
    return {
      room,
      part: await pool.call<SortedBucket>('sort', { bucket, provisional, merge, keyFields, room }),
    };
  });
  const spent = lastUses(buckets);
  let done = 0;
  for await (const { room, part } of sorted) {
    for (const file of spent[done] ?? []) removeFile(file);
    done += 1;
    const bytes = asBuffer(part.data).subarray(1);
    const lines = { bytes, leaves: asBuffer(part.leaves), ends: part.ends };
    const found = { lines: asBuffer(part.findings), count: part.findingCount };
    writer.write(lines, asBuffer(part.lineage), found);
    rooms.giveBack(room);
    for (const counted of part.diagnosed) diagnosed.add(counted);
    merged += part.merged;
    if (part.rows !== null) rows.push(part.rows);
    for (const group of part.duplicates) {
      duplicates.push({
        rule: 'key-duplicate',
        severity: 'BLOCKER',
        module: module.name,
        members: group.map((row) => ({ table, row })),
        reason: `${group.length} rows have the same key; none of them is taken`,
      });
    }
  }
  return { duplicates, merged, diagnosed: diagnosed.list(), rows: joined(rows) };
}

function joined(parts: readonly BigInt64Array[]): BigInt64Array {
  const whole = new BigInt64Array(parts.reduce((total, part) => total + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
