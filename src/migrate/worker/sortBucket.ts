/**
 * Second phase, in a worker: sorts the entries of a bucket by key and hashes their leaves in place.
 */

import { bumpAllocator } from '../../threads/sharedBuffer.ts';
import { locatorOf, type Locator } from '../../extsort/entry.ts';
import {
  indexEntries,
  sortEntries,
  type EntryIndex,
  type EntryOrder,
  type TakeArrays,
} from '../../extsort/sortEntries.ts';
import type { DuplicateGroup, SortedBucket, SortOptions } from '../calls.ts';
import { countedDiagnoses } from '../sort/countedDiagnoses.ts';
import { DIGEST_LENGTH, packedLeafHash } from '../../merkle/hash.ts';
import { keyOf } from '../../seal/moduleTree.ts';
import { findingLines, sortDiagnoses, type Diagnosis } from '../../seal/sealedFindings.ts';

/** Sorts and hashes the entries of one bucket in `buffer`; the result is in `target`. */
export function sortBucket(
  buffer: Buffer,
  entries: number,
  options: SortOptions,
  target: SharedArrayBuffer,
  take?: TakeArrays,
): SortedBucket {
  const index = indexEntries(buffer, entries, take);
  const sorted = sortEntries(buffer, index);
  const { kept, diagnosed, ...groups } = resolveGroups(buffer, index, sorted, options);
  const locators = options.provisional
    ? BigInt64Array.from(kept, (entry) => BigInt(locatorOf(buffer, index.starts[entry] ?? 0)))
    : null;
  const lines = layOut(buffer, index, kept, target);
  const found = findingsOf(buffer, index, { kept, diagnosed }, options.keyFields);
  return { ...lines, ...found, ...groups, locators };
}

interface ResolvedGroups {
  /** Entries that become lines, in order. */
  readonly kept: Uint32Array;
  /** Diagnoses of all rows of entries that stand for several. */
  readonly diagnosed: ReadonlyMap<number, Diagnosis[]>;
  readonly duplicates: DuplicateGroup[];
  readonly merged: number;
}

/** Merges, keeps or rejects entries with equal keys. */
function resolveGroups(
  buffer: Buffer,
  index: EntryIndex,
  { order, equal }: EntryOrder,
  { provisional, merge }: SortOptions,
): ResolvedGroups {
  const diagnosed = new Map<number, Diagnosis[]>();
  if (provisional && !merge) return { kept: order, diagnosed, duplicates: [], merged: 0 };
  const kept = new Uint32Array(order.length);
  const duplicates: DuplicateGroup[] = [];
  let count = 0;
  let start = 0;
  let merged = 0;
  for (let at = 1; at <= order.length; at += 1) {
    if (equal[at] === 1) continue;
    if (at - start === 1) {
      kept[count] = order[start] ?? 0;
      count += 1;
    } else {
      const group = order
        .subarray(start, at)
        .toSorted((a, b) => byEntryLocator(buffer, index, a, b));
      const one = merge && haveEqualRecords(buffer, index, group);
      if (one || provisional) {
        const survivors = one ? group.subarray(0, 1) : group;
        kept.set(survivors, count);
        count += survivors.length;
        merged += group.length - survivors.length;
        if (one) {
          const found = Array.from(group, (entry) => diagnosesOf(buffer, index, entry)).flat();
          if (found.length > 0) diagnosed.set(group[0] ?? 0, sortDiagnoses(found));
        }
      } else {
        duplicates.push(Array.from(group, (entry) => locatorOf(buffer, index.starts[entry] ?? 0)));
      }
    }
    start = at;
  }
  return { kept: kept.subarray(0, count), diagnosed, duplicates, merged };
}

/** Whether entries of one key have the same record; their lineage is always the same. */
function haveEqualRecords(buffer: Buffer, index: EntryIndex, group: Uint32Array): boolean {
  const { keyEnds, recordEnds } = index;
  const first = group[0] ?? 0;
  return group.every((entry) => {
    const [start, end] = [keyEnds[entry], recordEnds[entry]];
    return buffer.compare(buffer, start, end, keyEnds[first], recordEnds[first]) === 0;
  });
}

function byEntryLocator(buffer: Buffer, index: EntryIndex, a: number, b: number): number {
  return byLocator(
    locatorOf(buffer, index.starts[a] ?? 0),
    locatorOf(buffer, index.starts[b] ?? 0),
  );
}

/** Compares locators as integers; those beyond 2^53 are strings. */
function byLocator(a: Locator, b: Locator): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  return a === b ? 0 : BigInt(a) < BigInt(b) ? -1 : 1;
}

/** Copies records and lineage in order and hashes each record's leaf. */
function layOut(
  buffer: Buffer,
  index: EntryIndex,
  order: Uint32Array,
  target: SharedArrayBuffer,
): Pick<SortedBucket, 'data' | 'leaves' | 'ends' | 'lineage'> {
  const { keyEnds, recordEnds, lineageEnds } = index;
  let [recordBytes, lineageBytes] = [0, 0];
  for (const entry of order) {
    const recordEnd = recordEnds[entry] ?? 0;
    recordBytes += recordEnd - (keyEnds[entry] ?? 0);
    lineageBytes += (lineageEnds[entry] ?? 0) - recordEnd;
  }
  const allocator = bumpAllocator(target);
  const ends = allocator.words(order.length);
  const leaves = allocator.bytes(order.length * DIGEST_LENGTH);
  const data = allocator.bytes(recordBytes + 1);
  const lineage = allocator.bytes(lineageBytes);
  let [at, lineageAt] = [1, 0];
  for (let number = 0; number < order.length; number += 1) {
    const entry = order[number] ?? 0;
    const recordEnd = recordEnds[entry] ?? 0;
    const start = at;
    at += buffer.copy(data, at, keyEnds[entry], recordEnd);
    lineageAt += buffer.copy(lineage, lineageAt, recordEnd, lineageEnds[entry]);
    packedLeafHash(data, start, at - 1, leaves, number * DIGEST_LENGTH);
    ends[number] = at - 1;
  }
  return { data, leaves, ends, lineage };
}

/** Makes the lines of findings for the kept entries; most buckets have none. */
function findingsOf(
  buffer: Buffer,
  index: EntryIndex,
  { kept, diagnosed }: Pick<ResolvedGroups, 'kept' | 'diagnosed'>,
  keyFields: readonly string[],
): Pick<SortedBucket, 'findings' | 'findingCount' | 'diagnosed'> {
  const { keyEnds, recordEnds } = index;
  const lines: string[] = [];
  const counts = countedDiagnoses();
  let findingCount = 0;
  for (const entry of kept) {
    const diagnoses = diagnosed.get(entry) ?? diagnosesOf(buffer, index, entry);
    if (diagnoses.length === 0) continue;
    const line = buffer.subarray(keyEnds[entry], (recordEnds[entry] ?? 1) - 1);
    lines.push(findingLines(keyOf(line, keyFields), diagnoses));
    findingCount += diagnoses.length;
    for (const [field, rule] of diagnoses) counts.add([field, rule, 1]);
  }
  // With bytes of its own, as a small Buffer is a part of a pool, which the message would copy whole.
  return {
    findings: new TextEncoder().encode(lines.join('')),
    findingCount,
    diagnosed: counts.list(),
  };
}

/** The diagnoses of an entry's row as they were spilled: distinct and sorted. */
function diagnosesOf(buffer: Buffer, index: EntryIndex, entry: number): readonly Diagnosis[] {
  const [start = 0, end = 0] = [index.lineageEnds[entry], index.ends[entry]];
  return start === end ? [] : (JSON.parse(buffer.toString('utf8', start, end)) as Diagnosis[]);
}
