/**
 * Two ordered lists of records, merged by key: which records are only in one of them, and in which fields
 * those differ that are in both. Holds one record of each list at a time. Pure.
 */

import type { KeyValue } from '../record/keyOrder.ts';

/** A record as JSON.parse yields it; ask only for members of its own. */
export type Members = Readonly<Record<string, unknown>>;

/** A record of one of the lists. */
export interface FoundRecord {
  /** 1-based, in its list. */
  readonly line: number;
  readonly key: readonly KeyValue[];
  readonly record: Members;
}

/** A record that differs between A and B; null on the side that lacks it. */
export interface RecordDifference {
  readonly a: FoundRecord | null;
  readonly b: FoundRecord | null;
  /** The fields that differ, ascending; empty for a record that is only in one. */
  readonly fields: readonly string[];
}

/** Reads an ordered list of records, one at a time; parses a record only when it is needed. */
export interface RecordCursor {
  /** The canonical line of the current record; null after the last one. */
  readonly line: () => Buffer | null;
  readonly next: () => void;
  /** The key of the current record, encoded so that bytes compare as keys do. */
  readonly encoded: () => Buffer;
  readonly found: () => FoundRecord;
}

/** Records between two pauses. */
const TURN = 4096;

/**
 * Yields the differences, ascending by key, and null now and then so that the caller can pause. Fields of
 * `ignored` do not count.
 */
export function* mergeRecords(
  left: RecordCursor,
  right: RecordCursor,
  ignored: ReadonlySet<string>,
): Generator<RecordDifference | null> {
  for (let turn = 1; left.line() !== null || right.line() !== null; turn += 1) {
    if (turn % TURN === 0) yield null;
    const [one, other] = [left.line(), right.line()];
    // Equal lines have equal keys: nothing is parsed.
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

/** Nothing where only ignored fields differ. */
function* changed(
  a: FoundRecord,
  b: FoundRecord,
  ignored: ReadonlySet<string>,
): Generator<RecordDifference> {
  const names = new Set([...Object.keys(a.record), ...Object.keys(b.record)]);
  const differ = [...names].filter((name) => textOf(a.record, name) !== textOf(b.record, name));
  const fields = differ.filter((name) => !ignored.has(name)).sort();
  // Lines that differ in no field are not canonical; that is reported, too.
  if (fields.length > 0 || differ.length === 0) yield { a, b, fields };
}

/** The member's JSON text; canonical lines have canonical members. */
function textOf(record: Members, name: string): string | undefined {
  return Object.hasOwn(record, name) ? JSON.stringify(record[name]) : undefined;
}

function orderOf(left: RecordCursor, right: RecordCursor): number {
  if (left.line() === null) return 1;
  if (right.line() === null) return -1;
  return Buffer.compare(left.encoded(), right.encoded());
}
