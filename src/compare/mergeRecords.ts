/**
 * Merges two ordered lists of records by key, to find records that are in one list only and the
 * fields that differ in the others. Holds one record of each list at a time. Pure.
 */

import type { KeyValue } from '../record/keyOrder.ts';

/** A record from JSON.parse; only its own members may be read. */
export type Members = Readonly<Record<string, unknown>>;

/** A record of one of the lists. */
export interface FoundRecord {
  /** 1-based line in its list. */
  readonly line: number;
  readonly key: readonly KeyValue[];
  readonly record: Members;
}

/** A record that differs between A and B; null on the side that lacks it. */
export interface RecordDifference {
  readonly a: FoundRecord | null;
  readonly b: FoundRecord | null;
  /** Fields that differ, ascending; empty for a record that is in one list only. */
  readonly fields: readonly string[];
}

/** Reads an ordered list of records, one at a time; parses a record on demand. */
export interface RecordCursor {
  /** Returns the canonical line of the current record; null after the last one. */
  readonly line: () => Buffer | null;
  readonly next: () => void;
  /** Returns the current record's key, encoded so that bytes compare as keys do. */
  readonly encoded: () => Buffer;
  readonly found: () => FoundRecord;
}

/** Records between two pauses. */
const TURN = 4096;

/**
 * Yields the differences, ascending by key, except for those in `ignored` fields. Yields null after
 * every {@link TURN} records, so that the caller can pause.
 */
export function* mergeRecords(
  left: RecordCursor,
  right: RecordCursor,
  ignored: ReadonlySet<string>,
): Generator<RecordDifference | null> {
  for (let turn = 1; left.line() !== null || right.line() !== null; turn += 1) {
    if (turn % TURN === 0) yield null;
    const [one, other] = [left.line(), right.line()];
    // Equal lines have equal keys, so neither is parsed.
    if (one !== null && other !== null && one.equals(other)) {
      left.next();
      right.next();
      continue;
    }
    const order = orderOf(left, right);
    const [inA, inB] = [order <= 0 ? left.found() : null, order >= 0 ? right.found() : null];
    if (inA === null || inB === null) yield { a: inA, b: inB, fields: [] };
    else yield* changed(inA, inB, ignored);
    if (order <= 0) left.next();
    if (order >= 0) right.next();
  }
}

/** Yields the difference, unless only ignored fields differ. */
function* changed(
  a: FoundRecord,
  b: FoundRecord,
  ignored: ReadonlySet<string>,
): Generator<RecordDifference> {
  const differ = differingFields(a.record, b.record);
  const fields = differ.filter((name) => !ignored.has(name));
  // Lines that differ in no field are not canonical, which is reported as well.
  if (fields.length > 0 || differ.length === 0) yield { a, b, fields };
}

/** Returns the names of the members that differ, ascending. */
export function differingFields(a: Members, b: Members): string[] {
  const names = new Set([...Object.keys(a), ...Object.keys(b)]);
  return [...names].filter((name) => textOf(a, name) !== textOf(b, name)).sort();
}

/** Returns the member's JSON text, which is canonical in a canonical line. */
function textOf(record: Members, name: string): string | undefined {
  return Object.hasOwn(record, name) ? JSON.stringify(record[name]) : undefined;
}

function orderOf(left: RecordCursor, right: RecordCursor): number {
  if (left.line() === null) return 1;
  if (right.line() === null) return -1;
  return Buffer.compare(left.encoded(), right.encoded());
}
