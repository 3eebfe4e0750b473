/**
 * The rows of a range that is not compared yet. They are views of a part's memory, which is used again for
 * the next part, so they are copied before: into memory that is used again for the next range.
 */

import { DIGEST_LENGTH } from '../merkle/hash.ts';
import type { SortedRows } from './calls.ts';

/** Rows [from, to) of a part. */
export interface Slice {
  readonly rows: SortedRows;
  readonly from: number;
  readonly to: number;
}

export interface HeldRows {
  /** In the order in which they were added. */
  readonly slices: readonly Slice[];
  add(slice: Slice): void;
  /** Copies the rows that are views of a part. */
  keep(): void;
  /** Forgets all rows; their memory is used again. */
  empty(): void;
}

/** Takes memory for copies, aligned for 64-bit numbers. */
type Take = (bytes: number) => { readonly memory: ArrayBuffer; readonly at: number };

const FIRST = 64 * 1024;
const ALIGNMENT = BigInt64Array.BYTES_PER_ELEMENT;

export function heldRows(): HeldRows {
  let memory = new ArrayBuffer(FIRST);
  let used = 0;
  let slices: Slice[] = [];
  let copies = 0;
  const take: Take = (bytes) => {
    // Copies in the memory before stay there; it is given up with them.
    if (used + bytes > memory.byteLength) {
      memory = new ArrayBuffer(2 * (used + bytes));
      used = 0;
    }
    const at = used;
    used = Math.ceil((used + bytes) / ALIGNMENT) * ALIGNMENT;
    return { memory, at };
  };
  return {
    get slices() {
      return slices;
    },
    add(slice) {
      slices.push(slice);
    },
    keep() {
      slices = slices.map((slice, index) => (index < copies ? slice : copyOf(slice, take)));
      copies = slices.length;
    },
    empty() {
      [slices, copies, used] = [[], 0, 0];
    },
  };
}

function copyOf({ rows, from, to }: Slice, take: Take): Slice {
  const count = to - from;
  const base = from === 0 ? 0 : (rows.keyEnds[from - 1] ?? 0);
  const keyBytes = (rows.keyEnds[to - 1] ?? base) - base;
  const endsAt = count * BigInt64Array.BYTES_PER_ELEMENT;
  const leavesAt = endsAt + count * Uint32Array.BYTES_PER_ELEMENT;
  const keysAt = leavesAt + count * DIGEST_LENGTH;
  const { memory, at } = take(keysAt + keyBytes);
  const copied: SortedRows = {
    locators: new BigInt64Array(memory, at, count),
    keyEnds: new Uint32Array(memory, at + endsAt, count),
    leaves: new Uint8Array(memory, at + leavesAt, count * DIGEST_LENGTH),
    keys: new Uint8Array(memory, at + keysAt, keyBytes),
  };
  copied.locators.set(rows.locators.subarray(from, to));
  for (let row = 0; row < count; row += 1) {
    copied.keyEnds[row] = (rows.keyEnds[from + row] ?? 0) - base;
  }
  copied.leaves.set(rows.leaves.subarray(from * DIGEST_LENGTH, to * DIGEST_LENGTH));
  copied.keys.set(rows.keys.subarray(base, base + keyBytes));
  return { rows: copied, from: 0, to: count };
}
