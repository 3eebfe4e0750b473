/**
 * Compares the rows of a target, which come sorted by key in parts of any size, with the ranges of a
 * sealed module. A range whose leaves have the sealed digest is equal and is not read; of any other one,
 * the sealed records are read and merged with the rows by key. Holds at most one range of rows.
 */

import { createHash, type Hash } from 'node:crypto';

import { DIGEST_LENGTH } from '../merkle/hash.ts';
import { DATA_FILE } from '../seal/format.ts';
import { keyOf } from '../seal/moduleTree.ts';
import { keyOrBroken, type ModuleSide } from '../seal/opened/moduleSide.ts';
import { changedData, linesOfRanges } from '../seal/opened/sealedRanges.ts';
import type { SortedRows } from './calls.ts';
import { heldRows, type HeldRows, type Slice } from './heldRows.ts';

/** A sealed record that the target does not hold as it is sealed. */
interface Sealed {
  /** Its canonical line, without LF. */
  readonly line: Buffer;
  /** 1-based line in the module's data file. */
  readonly number: number;
}

/** A difference of one record. `locator` is that of the row in the target. */
export type RowDifference =
  | ({ readonly kind: 'missing' } & Sealed)
  | { readonly kind: 'extra'; readonly locator: bigint; readonly key: Buffer }
  | ({ readonly kind: 'changed'; readonly locator: bigint } & Sealed);

export interface RangeComparer {
  /** Compares the next rows; yields the differences up to them. */
  push(rows: SortedRows): Generator<RowDifference>;
  /** Compares what is left, after the last rows. */
  finish(): Generator<RowDifference>;
  /** For each range: 1 if it differs, else 0. One element, if the module has no ranges. */
  readonly differing: Uint8Array;
}

export function rangeComparer(module: ModuleSide): RangeComparer {
  const { ranges, boundaries } = module;
  const differing = new Uint8Array(Math.max(1, ranges.length));
  const held = heldRows();
  let [at, before] = [0, 0];
  let range = openRange(module, at, before, held);
  const end = function* ended(): Generator<RowDifference> {
    yield* range.finish();
    if (range.differs) differing[at] = 1;
    before += ranges[at]?.count ?? 0;
    at += 1;
    range = openRange(module, at, before, held);
  };
  return {
    differing,
    *push(rows) {
      const count = rows.keyEnds.length;
      let from = 0;
      while (from < count) {
        // The last range has no upper bound.
        const last = at >= ranges.length - 1;
        const to = last ? count : endOf(rows, from, boundaries[at] ?? Buffer.alloc(0));
        if (to > from) yield* range.push({ rows, from, to });
        from = to;
        if (from < count) yield* end();
      }
      held.keep();
    },
    *finish() {
      while (at < Math.max(1, ranges.length)) yield* end();
    },
  };
}

/** Returns the first of the rows from `from` whose key is greater than `boundary`. */
function endOf(rows: SortedRows, from: number, boundary: Buffer): number {
  let [low, high] = [from, rows.keyEnds.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (Buffer.compare(keyAt(rows, middle), boundary) <= 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

function keyAt({ keys, keyEnds }: SortedRows, row: number): Buffer {
  const start = row === 0 ? 0 : (keyEnds[row - 1] ?? 0);
  return Buffer.from(keys.buffer, keys.byteOffset + start, (keyEnds[row] ?? 0) - start);
}

interface OpenRange {
  readonly differs: boolean;
  push(slice: Slice): Generator<RowDifference>;
  finish(): Generator<RowDifference>;
}

/**
 * Begins the comparison of a range, given the number of records before it; beyond the last, of nothing.
 * Its rows are in `held`, which it empties.
 */
function openRange(module: ModuleSide, at: number, before: number, held: HeldRows): OpenRange {
  const sealed = module.ranges[at];
  const expected = sealed?.count ?? 0;
  let count = 0;
  held.empty();
  const hash: Hash = createHash('sha256');
  let merge = null as Merge | null;
  const begin = function* begun(): Generator<RowDifference> {
    merge = mergeWith(sealedRecords(module, at, before));
    for (const slice of held.slices) yield* merge.push(slice);
    held.empty();
  };
  return {
    get differs() {
      return merge !== null;
    },
    *push(slice) {
      if (merge !== null) {
        yield* merge.push(slice);
        return;
      }
      held.add(slice);
      count += slice.to - slice.from;
      hash.update(leavesOf(slice));
      // More rows than sealed records: they need not be held until the end.
      if (count > expected) yield* begin();
    },
    *finish() {
      const equal = count === expected && (expected === 0 || hash.digest('hex') === sealed?.digest);
      if (merge === null && equal) return;
      if (merge === null) yield* begin();
      yield* merge?.finish() ?? [];
    },
  };
}

function leavesOf({ rows, from, to }: Slice): Uint8Array {
  return rows.leaves.subarray(from * DIGEST_LENGTH, to * DIGEST_LENGTH);
}

interface Merge {
  push(slice: Slice): Generator<RowDifference>;
  finish(): Generator<RowDifference>;
}

/** The rows of one key so far. Only one of them can be the sealed record. */
interface SameKey {
  readonly key: Buffer;
  /** The sealed record of the key; null if there is none. */
  readonly sealed: SealedRecord | null;
  matched: boolean;
  /** A row that is not as it is sealed, the first one; null if there is none. */
  other: bigint | null;
}

/** Merges rows with the sealed records of a range, both ascending by key. */
function mergeWith(records: Generator<SealedRecord>): Merge {
  let next = records.next();
  let same: SameKey | null = null;
  /** Passes the sealed records before `key`, whose rows are missing; of all keys if it is null. */
  const pass = function* passed(key: Buffer | null): Generator<RowDifference> {
    for (; next.done !== true; next = records.next()) {
      if (key !== null && Buffer.compare(next.value.key(), key) >= 0) return;
      yield { kind: 'missing', ...plain(next.value) };
    }
  };
  const take = (key: Buffer, sealed: SealedRecord | null): SameKey => {
    if (sealed !== null) next = records.next();
    return { key: Buffer.from(key), sealed, matched: false, other: null };
  };
  const begin = function* begun(key: Buffer, leaf: Buffer): Generator<RowDifference, SameKey> {
    // Equal leaves are of equal records, so the key of the sealed one is not needed.
    if (next.done !== true && next.value.leaf.equals(leaf)) return take(key, next.value);
    yield* pass(key);
    return take(key, next.done !== true && next.value.key().equals(key) ? next.value : null);
  };
  const close = function* closed(): Generator<RowDifference> {
    if (same?.sealed == null || same.matched) return;
    const sealed = plain(same.sealed);
    if (same.other === null) yield { kind: 'missing', ...sealed };
    else yield { kind: 'changed', ...sealed, locator: same.other };
  };
  return {
    *push({ rows, from, to }) {
      for (let row = from; row < to; row += 1) {
        const [key, leaf] = [keyAt(rows, row), leafAt(rows, row)];
        if (same === null || !same.key.equals(key)) {
          yield* close();
          same = yield* begin(key, leaf);
        }
        const locator = rows.locators[row] ?? 0n;
        const { sealed, matched, other } = same;
        if (sealed !== null && !matched && sealed.leaf.equals(leaf)) {
          same.matched = true;
          if (other !== null) yield { kind: 'extra', locator: other, key: same.key };
        } else if (sealed !== null && !matched && other === null) {
          same.other = locator;
        } else {
          yield { kind: 'extra', locator, key: same.key };
        }
      }
    },
    *finish() {
      yield* close();
      yield* pass(null);
    },
  };
}

function leafAt({ leaves }: SortedRows, row: number): Buffer {
  return Buffer.from(leaves.buffer, leaves.byteOffset + row * DIGEST_LENGTH, DIGEST_LENGTH);
}

interface SealedRecord extends Sealed {
  readonly leaf: Buffer;
  /** Encodes the key. @throws Failure CANDIDATE */
  readonly key: () => Buffer;
}

/** Copies the line, which is a view of the chunk that was read. */
function plain({ line, number }: SealedRecord): Sealed {
  return { line: Buffer.from(line), number };
}

/** Yields the sealed records of a range, given the number of those before it. @throws Failure CANDIDATE */
function* sealedRecords(module: ModuleSide, at: number, before: number): Generator<SealedRecord> {
  if (at >= module.ranges.length) return;
  let number = before;
  for (const { line, leaf } of linesOfRanges(module, [at, at + 1])) {
    number += 1;
    let encoded: Buffer | null = null;
    const key = (): Buffer => (encoded ??= sealedKey(module, line));
    yield { line, leaf, number, key };
  }
}

function sealedKey(module: ModuleSide, line: Buffer): Buffer {
  const { side, module: name, keyTypes, keyFields } = module;
  try {
    return keyOrBroken(side, `${name}/${DATA_FILE}`, keyTypes, keyOf(line, keyFields));
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw changedData(module, 'a line is not a record');
  }
}
