/**
 * Builds tree, segments and ranges of a module's data file from its leaves. The writer of a
 * candidate and its verifier both use it, so that the verifier computes roots again and never
 * copies them.
 */

import { DIGEST_LENGTH } from '../merkle/hash.ts';
import { streamingTree, type ReduceSegment } from '../merkle/tree.ts';
import type { KeyValue } from '../record/keyOrder.ts';
import type { SealedRange } from './format.ts';
import { rangeCutter, type RangeEnd } from './ranges.ts';

/** Part of a data file: whole lines, each with its LF. */
export interface DataPart {
  readonly bytes: Buffer;
  /** Packed leaf hashes of its lines. */
  readonly leaves: Buffer;
  /** For each line the offset after its LF, within `bytes`. */
  readonly ends: Uint32Array;
}

export interface ModuleTree {
  readonly count: number;
  /** Lower-case hex, as are the segments. */
  readonly root: string;
  readonly segments: readonly string[];
}

export interface ModuleTreeBuilder {
  push(part: DataPart): void;
  finish(): Promise<ModuleTree>;
}

/**
 * Makes a builder for records whose key is made of `keyFields`. Parts are pushed in the file's
 * order; `onRange` receives each range when it has ended, in order; `reduce` hashes the segments.
 */
export function moduleTreeBuilder(
  keyFields: readonly string[],
  onRange: (range: SealedRange) => void,
  reduce?: ReduceSegment,
): ModuleTreeBuilder {
  const tree = streamingTree(reduce);
  const cutter = rangeCutter();
  let records = 0;
  let offset = 0;
  let lastLine = Buffer.alloc(0);
  const add = (range: RangeEnd, line: Buffer, end: number): void => {
    onRange({ count: range.count, digest: range.digest, end, last: keyOf(line, keyFields) });
  };
  return {
    push(part) {
      for (const range of cutter.push(part.leaves)) {
        const index = range.through - records - 1;
        add(range, lineAt(part, index), offset + (part.ends[index] ?? 0));
      }
      tree.push(part.leaves);
      records += part.leaves.length / DIGEST_LENGTH;
      offset += part.bytes.length;
      if (part.ends.length > 0) lastLine = Buffer.from(lineAt(part, part.ends.length - 1));
    },
    async finish() {
      for (const range of cutter.finish()) add(range, lastLine, offset);
      const { count, root, segments } = await tree.finish();
      return {
        count,
        root: root.toString('hex'),
        segments: segments.map((segment) => segment.toString('hex')),
      };
    },
  };
}

function lineAt(part: DataPart, index: number): Buffer {
  const start = index === 0 ? 0 : (part.ends[index - 1] ?? 0);
  return part.bytes.subarray(start, (part.ends[index] ?? 1) - 1);
}

/** Reads the key of a record from its canonical line. @throws SyntaxError if it is no object */
export function keyOf(line: Buffer, keyFields: readonly string[]): KeyValue[] {
  const record: unknown = JSON.parse(line.toString('utf8'));
  if (typeof record !== 'object' || record === null) throw new SyntaxError('not a record');
  // The line may be attacker-controlled, so inherited and nested members are not used.
  return keyFields.map((field) => {
    const value: unknown = Object.hasOwn(record, field) ? Reflect.get(record, field) : '';
    return typeof value === 'object' ? '' : (value as KeyValue);
  });
}
