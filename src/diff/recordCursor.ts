/** Reads the records of ranges of a sealed module one at a time, in the order of their keys. */

import type { FoundRecord, Members, RecordCursor } from '../compare/mergeRecords.ts';
import { isTooDeep } from '../record/nesting.ts';
import type { KeyValue } from '../record/keyOrder.ts';
import { DATA_FILE } from '../seal/format.ts';
import { keyOf } from '../seal/moduleTree.ts';
import { keyOrBroken, type ModuleSide } from '../seal/opened/moduleSide.ts';
import { changedData, linesOfRanges } from '../seal/opened/sealedRanges.ts';

interface Parsed extends FoundRecord {
  readonly encoded: Buffer;
}

/**
 * Opens the ranges [from, to) of a module.
 * @throws Failure CANDIDATE from its methods, if a record is not as it was sealed
 */
export function recordCursor(
  module: ModuleSide,
  span: readonly [from: number, to: number],
): RecordCursor {
  const lines = linesOfRanges(module, span);
  let number = 1 + module.ranges.slice(0, span[0]).reduce((sum, { count }) => sum + count, 0);
  let current = lines.next();
  let parsed: Parsed | null = null;
  let before: Buffer | null = null;
  const parse = (): Parsed => {
    if (parsed !== null) return parsed;
    if (current.done === true) throw new RangeError('after the last line');
    parsed = parseRecord(module, current.value.line, number);
    if (before !== null && before.compare(parsed.encoded) >= 0) {
      throw changedData(module, 'its records are not in order');
    }
    before = parsed.encoded;
    return parsed;
  };
  return {
    line: () => (current.done === true ? null : current.value.line),
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
    throw changedData(module, 'a line is not a record');
  }
  if (isTooDeep(record, text)) throw changedData(module, 'a record is nested too deep');
  const file = `${module.module}/${DATA_FILE}`;
  const encoded = keyOrBroken(module.side, file, module.keyTypes, key);
  return { line: number, key, record, encoded };
}
