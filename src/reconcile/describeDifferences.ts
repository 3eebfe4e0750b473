/**
 * Tells in which fields rows of a target differ from their sealed records. The rows are read again, many
 * at once, by their locators, in the snapshot in which they were hashed.
 */

import { differingFields, type Members } from '../compare/mergeRecords.ts';
import type { KeyValue } from '../record/keyOrder.ts';
import { decodeKey } from '../record/keyOrder.ts';
import { keyOf } from '../seal/moduleTree.ts';
import type { ModuleSide } from '../seal/opened/moduleSide.ts';
import { READ_ROWS, type ReadRow } from './calls.ts';
import type { RowDifference } from './rangeComparer.ts';
import { rangesOf, type ReconcileContext } from './reconcileModule.ts';

/** A difference with its record. */
export interface DescribedDifference {
  readonly kind: RowDifference['kind'];
  /** Null for a row without a key. */
  readonly key: readonly KeyValue[] | null;
  /** Line in the module's data file; null for a row that is not sealed. */
  readonly line: number | null;
  /** Locator of the row in the target; null for a record that it does not have. */
  readonly locator: bigint | null;
  /** Fields of a changed record that differ, ascending. */
  readonly fields: readonly string[];
  /** The sealed record, and the target's: for a terminal only. Null where there is none. */
  readonly sealed: Members | null;
  readonly target: Members | null;
}

export interface Describer {
  add(difference: RowDifference): Promise<void>;
  /** Describes what is left. */
  flush(): Promise<void>;
}

/** Differences that are described at once, and the bytes of their sealed records. */
const MOST = 50_000;
const MOST_BYTES = 16 * 2 ** 20;

/** Makes a describer of the differences of one module; `tell` gets them in their order. */
export function describer(
  sealed: ModuleSide,
  table: string,
  context: ReconcileContext,
  tell: (difference: DescribedDifference) => void,
): Describer {
  let waiting: RowDifference[] = [];
  let bytes = 0;
  const flush = async (): Promise<void> => {
    const rows = await readAgain(sealed.module, table, waiting, context);
    for (const difference of waiting) tell(described(sealed, difference, rows));
    waiting = [];
    bytes = 0;
  };
  return {
    flush,
    async add(difference) {
      waiting.push(difference);
      bytes += difference.kind === 'extra' ? difference.key.length : difference.line.length;
      if (waiting.length >= MOST || bytes >= MOST_BYTES) await flush();
    },
  };
}

/** Rows by their locators; in a table of several parts, several rows may have one locator. */
type RowsByLocator = ReadonlyMap<bigint, readonly ReadRow[]>;

async function readAgain(
  module: string,
  table: string,
  differences: readonly RowDifference[],
  { pool, target, notes }: ReconcileContext,
): Promise<RowsByLocator> {
  const changed = differences.flatMap((one) => (one.kind === 'changed' ? [one.locator] : []));
  const found = new Map<bigint, ReadRow[]>();
  if (changed.length === 0) return found;
  const locators = BigInt64Array.from(changed).sort();
  const ranges = await rangesOf(target, table, locators);
  const share = Math.ceil(ranges.length / pool.size);
  const shares = Array.from({ length: pool.size }, (_, at) => {
    return ranges.slice(at * share, (at + 1) * share);
  });
  const read = await Promise.all(
    shares
      .filter((part) => part.length > 0)
      .map((part) => pool.call(READ_ROWS, { module, ranges: part, locators })),
  );
  for (const { statements } of read) notes.note(module, table, statements);
  for (const row of read.flatMap(({ rows }) => rows)) {
    const same = found.get(row.locator);
    if (same === undefined) found.set(row.locator, [row]);
    else same.push(row);
  }
  return found;
}

function described(
  sealed: ModuleSide,
  difference: RowDifference,
  rows: RowsByLocator,
): DescribedDifference {
  if (difference.kind === 'extra') {
    const { key, locator } = difference;
    const known = key.length === 0 ? null : decodeKey(sealed.keyTypes, key);
    return {
      kind: 'extra',
      key: known,
      line: null,
      locator,
      fields: [],
      sealed: null,
      target: null,
    };
  }
  const { kind, line, number } = difference;
  const about = {
    key: keyOf(line, sealed.keyFields),
    line: number,
    sealed: parsed(line.toString('utf8')),
  };
  if (difference.kind === 'missing') {
    return { kind, ...about, locator: null, fields: [], target: null };
  }
  const { locator } = difference;
  const row = rows.get(locator)?.find((one) => hasKey(one, sealed, about.key));
  if (row === undefined) throw new Error('a row of a snapshot is not there any more');
  const target = parsed(row.record);
  const fields = [...new Set([...differingFields(about.sealed, target), ...row.rejected])].sort();
  return { kind, ...about, locator, fields, target };
}

function hasKey({ record }: ReadRow, { keyFields }: ModuleSide, key: readonly KeyValue[]): boolean {
  if (record === '') return false;
  return JSON.stringify(keyOf(Buffer.from(record), keyFields)) === JSON.stringify(key);
}

function parsed(text: string): Members {
  return JSON.parse(text) as Members;
}
