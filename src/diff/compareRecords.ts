/**
 * The records of two stretches, merged by key: which are only in one of them, and in which fields
 * those differ that are in both. Holds one record of each at a time.
 */

import { DATA_FILE } from '../seal/format.ts';
import { keyOf } from '../seal/moduleTree.ts';
import { isTooDeep } from '../record/nesting.ts';
import type { KeyValue } from '../record/keyOrder.ts';
import { keyOrBroken, type ModuleSide } from './moduleSide.ts';
import { changedData, linesOfRanges } from './sealedRanges.ts';
import type { Stretch } from './stretches.ts';

/** A record as JSON.parse yields it; ask only for members of its own. */
type Members = Readonly<Record<string, unknown>>;

/** A record of one candidate. */
export interface Found {
  /** 1-based, in the data file. */
  readonly line: number;
  readonly key: readonly KeyValue[];
  readonly record: Members;
}

/** What became of a record on the way from A to B; null on the side where it is not. */
export interface RecordDifference {
  readonly a: Found | null;
  readonly b: Found | null;
  /** The fields that differ, ascending; empty for a record that is only in one. */
  readonly fields: readonly string[];
}

/** Lines between two pauses. */
const TURN = 4096;

/**
 * The differences in a stretch, ascending by key; null now and then, so that other work can have its
 * turn. Fields of `ignored` do not count.
 * @throws Failure CANDIDATE where a record is not what was sealed
 */
export function* compareRecords(
  a: ModuleSide,
  b: ModuleSide,
  stretch: Stretch,
  ignored: ReadonlySet<string>,
): Generator<RecordDifference | null> {
  const [left, right] = [cursor(a, stretch.a), cursor(b, stretch.b)];
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
function* changed(a: Found, b: Found, ignored: ReadonlySet<string>): Generator<RecordDifference> {
  const names = new Set([...Object.keys(a.record), ...Object.keys(b.record)]);
  const differ = [...names].filter((name) => textOf(a.record, name) !== textOf(b.record, name));
  const fields = differ.filter((name) => !ignored.has(name)).sort();
  // Lines that differ in no field are not canonical: said all the same.
  if (fields.length > 0 || differ.length === 0) yield { a, b, fields };
}

/** The member's JSON text; canonical lines have canonical members. */
function textOf(record: Members, name: string): string | undefined {
  return Object.hasOwn(record, name) ? JSON.stringify(record[name]) : undefined;
}

function orderOf(left: Cursor, right: Cursor): number {
  if (left.line() === null) return 1;
  if (right.line() === null) return -1;
  return Buffer.compare(left.encoded(), right.encoded());
}

interface Cursor {
  /** The current line, null behind the last one. */
  readonly line: () => Buffer | null;
  readonly next: () => void;
  readonly encoded: () => Buffer;
  readonly found: () => Found;
}

interface Parsed extends Found {
  readonly encoded: Buffer;
}

function cursor(module: ModuleSide, span: readonly [number, number]): Cursor {
  const lines = linesOfRanges(module, span);
  let number = 1 + module.ranges.slice(0, span[0]).reduce((sum, { count }) => sum + count, 0);
  let current = lines.next();
  let parsed: Parsed | null = null;
  let before: Buffer | null = null;
  const parse = (): Parsed => {
    if (parsed !== null) return parsed;
    if (current.done === true) throw new RangeError('behind the last line');
    parsed = parseRecord(module, current.value, number);
    if (before !== null && before.compare(parsed.encoded) >= 0) {
      throw changedData(module, 'its records are not in order');
    }
    before = parsed.encoded;
    return parsed;
  };
  return {
    line: () => (current.done === true ? null : current.value),
    next() {
      current = lines.next();
      number += 1;
      parsed = null;
    },
    encoded: () => parse().encoded,
    found: parse,
  };
}

function parseRecord(module: ModuleSide, line: Buffer, number: number): Parsed {
  let key: KeyValue[];
  let record: Members;
  const text = line.toString('utf8');
  try {
    key = keyOf(line, module.keyFields);
    record = JSON.parse(text) as Members;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw changedData(module, 'a line is no record');
  }
  if (isTooDeep(record, text)) throw changedData(module, 'a record is nested too deep');
  const file = `${module.module}/${DATA_FILE}`;
  const encoded = keyOrBroken(module.side, file, module.keyTypes, key);
  return { line: number, key, record, encoded };
}
