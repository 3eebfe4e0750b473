/** Second phase of a module: workers sort its buckets, which are written one after the other. */

import { inOrder } from '../../threads/inOrder.ts';
import type { Pool } from '../../threads/pool.ts';
import { asBuffer, sharedBuffers } from '../../threads/sharedBuffer.ts';
import { removeFile } from '../../disk/noLinks.ts';
import { ENTRY_HEADER, lastUses, type Bucket } from '../../extsort/spill.ts';
import type { CompiledModule } from '../../mapping/compile/module.ts';
import { DIGEST_LENGTH } from '../../merkle/hash.ts';
import type { Finding } from '../../outcome/finding.ts';
import type { ModuleWriter } from '../../seal/moduleWriter.ts';
import type { PreparedSource } from '../../source/source.ts';
import { locatedIn } from '../rowsToRead.ts';
import { SORT_BUCKET, type CountedDiagnosis } from '../calls.ts';
import { countedDiagnoses } from './countedDiagnoses.ts';

export interface SortContext {
  readonly pool: Pool;
  readonly source: PreparedSource;
  /** Whether rows with equal keys are kept, and each record has the locator of its row. */
  readonly provisional: boolean;
}

export interface SortedRecords {
  /** One BLOCKER for each group of rows with the same key. */
  readonly duplicates: Finding[];
  /** Entries merged into an equal one. */
  readonly merged: number;
  /** Diagnoses of the records' rows, with their numbers. */
  readonly diagnosed: readonly CountedDiagnosis[];
  /** Provisional: the locator of each record's row, in the order of the data file. */
  readonly locators: BigInt64Array;
}

/**
 * Sorts the buckets on all workers and writes them in their order, which is that of the keys.
 * Removes each spill file after its last bucket.
 */
export async function writeSorted(
  module: CompiledModule,
  buckets: readonly Bucket[],
  writer: ModuleWriter,
  { pool, provisional, source }: SortContext,
): Promise<SortedRecords> {
  const merge = module.mapping.merge === 'equal';
  const keyFields = module.orderFields;
  const table = locatedIn(module, source);
  const duplicates: Finding[] = [];
  const diagnosed = countedDiagnoses();
  let merged = 0;
  const locators: BigInt64Array[] = [];
  const buffers = sharedBuffers();
  const sorted = inOrder(buckets, pool.size + 1, async (bucket) => {
    const buffer = buffers.take(sortedCapacity(bucket));
    const input = { bucket, provisional, merge, keyFields, buffer };
    return { buffer, part: await pool.call(SORT_BUCKET, input) };
  });
  const spent = lastUses(buckets);
  let done = 0;
  for await (const { buffer, part } of sorted) {
    for (const file of spent[done] ?? []) removeFile(file);
    done += 1;
    const bytes = asBuffer(part.data).subarray(1);
    const lines = { bytes, leaves: asBuffer(part.leaves), ends: part.ends };
    const found = { lines: asBuffer(part.findings), count: part.findingCount };
    writer.write(lines, asBuffer(part.lineage), found);
    buffers.giveBack(buffer);
    for (const counted of part.diagnosed) diagnosed.add(counted);
    merged += part.merged;
    if (part.locators !== null) locators.push(part.locators);
    for (const group of part.duplicates) {
      duplicates.push({
        rule: 'key-duplicate',
        severity: 'BLOCKER',
        module: module.name,
        members: group.map((locator) => ({ table, row: locator })),
        reason: `${group.length} rows have the same key; none of them is taken`,
      });
    }
  }
  return { duplicates, merged, diagnosed: diagnosed.list(), locators: joined(locators) };
}

/** Capacity of the buffer for a sorted bucket, in bytes. */
export function sortedCapacity({ bytes, entries }: Pick<Bucket, 'bytes' | 'entries'>): number {
  const hashes = DIGEST_LENGTH + Uint32Array.BYTES_PER_ELEMENT - ENTRY_HEADER;
  return bytes + entries * hashes + 2 * Uint32Array.BYTES_PER_ELEMENT;
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
