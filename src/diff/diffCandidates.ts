/**
 * Compares two sealed candidates, A and B: data roots, then module roots, then ranges, then the
 * records of ranges that differ. Differences ascend by module; within one, declarations precede
 * records, which ascend by key.
 */

import { setImmediate } from 'node:timers/promises';

import type { ShownPart } from '../record/shownKey.ts';
import { byUtf8 } from '../seal/format.ts';
import { mergeRecords, type RecordDifference } from '../compare/mergeRecords.ts';
import { recordCursor } from './recordCursor.ts';
import { openModule, type ModuleSide } from '../seal/opened/moduleSide.ts';
import { changedData } from '../seal/opened/sealedRanges.ts';
import type { Side } from '../seal/opened/side.ts';
import { differingSpans, type SpanPair } from '../compare/spans.ts';

/** A declaration that differs between A and B. */
interface Declared {
  readonly kind: 'declared';
  readonly module: string;
  readonly field?: string;
  readonly reason: string;
}

export interface DifferentRecord extends RecordDifference {
  readonly kind: 'record';
  readonly module: string;
  /** Whether the key is declared personal in A or B, so that no id may be shown. */
  readonly personalKey: boolean;
  /** Whether the key is an id made by Sealift. */
  readonly hasId: boolean;
  /** Type kind of each key part, and whether both candidates declare it harmless. */
  readonly keyParts: readonly Omit<ShownPart, 'value'>[];
}

export type Difference = Declared | DifferentRecord;

export type OnProgress = (module: string, done: number, total: number) => void;

/**
 * Yields all differences; none if and only if the data roots are equal.
 * @throws Failure CANDIDATE if a file is not as it was sealed
 */
export async function* diffCandidates(
  a: Side,
  b: Side,
  onProgress: OnProgress = () => {},
): AsyncGenerator<Difference> {
  if (a.dataRoot === b.dataRoot) return;
  for (const module of [...new Set([...a.modules.keys(), ...b.modules.keys()])].sort(byUtf8)) {
    const [inA, inB] = [a.modules.get(module), b.modules.get(module)];
    if (inA === undefined || inB === undefined) {
      const reason = `the module is only in ${inA === undefined ? 'B' : 'A'}`;
      yield { kind: 'declared', module, reason };
    } else if (inA.root !== inB.root || inA.schema !== inB.schema) {
      yield* diffModule(openModule(a, module), openModule(b, module), onProgress);
    }
  }
}

async function* diffModule(
  a: ModuleSide,
  b: ModuleSide,
  onProgress: OnProgress,
): AsyncGenerator<Difference> {
  const { module } = a;
  const declared = [...declarations(a, b)];
  yield* declared;
  if (a.side.modules.get(module)?.root === b.side.modules.get(module)?.root) return;
  if (!sameKey(a, b)) {
    const reason = 'the keys are made of different fields, so the records were not compared';
    yield { kind: 'declared', module, reason };
    return;
  }
  let found = declared.length;
  for await (const difference of differentRecords(a, b, onProgress)) {
    found += 1;
    yield difference;
  }
  // One of the two roots is not the root of its records.
  if (found === 0) {
    throw changedData(a, 'or B does not: their roots differ, but their records are equal');
  }
}

function sameKey(a: ModuleSide, b: ModuleSide): boolean {
  return keyText(a) === keyText(b);
}

function keyText({ keyFields, keyTypes }: ModuleSide): string {
  return JSON.stringify([keyFields, keyTypes]);
}

/** Yields fields that are in one candidate only, or are declared differently. */
function* declarations(a: ModuleSide, b: ModuleSide): Generator<Declared> {
  const { module } = a;
  const names = new Set([...a.shape.fields.keys(), ...b.shape.fields.keys()]);
  for (const field of [...names].sort(byUtf8)) {
    const [inA, inB] = [a.shape.fields.get(field), b.shape.fields.get(field)];
    if (inA === inB) continue;
    const reason = fieldReason(inA !== undefined, inB !== undefined);
    yield { kind: 'declared', module, field, reason };
  }
  if (a.shape.rest !== b.shape.rest) {
    const reason = 'the module is declared differently in B';
    yield { kind: 'declared', module, reason };
  }
}

function fieldReason(inA: boolean, inB: boolean): string {
  if (!inA) return 'the field is only in B';
  return inB ? 'the field is declared differently in B' : 'the field is only in A';
}

async function* differentRecords(
  a: ModuleSide,
  b: ModuleSide,
  onProgress: OnProgress,
): AsyncGenerator<DifferentRecord> {
  const { module } = a;
  const about = {
    kind: 'record',
    module,
    personalKey: a.shape.personalKey || b.shape.personalKey,
    keyParts: a.keyFields.map((field, at) => ({
      kind: a.keyTypes[at]?.kind ?? '',
      harmless: a.shape.harmless.has(field) && b.shape.harmless.has(field),
    })),
    hasId: a.shape.madeId,
  } as const;
  const ignored = new Set(
    [...a.shape.fields.keys(), ...b.shape.fields.keys()].filter(
      (field) => !(a.shape.fields.has(field) && b.shape.fields.has(field)),
    ),
  );
  const work = [...differingSpans(bounded(a), bounded(b))];
  const total = work.reduce((sum, span) => sum + records(a, b, span), 0);
  let done = 0;
  onProgress(module, done, total);
  for (const span of work) {
    const cursors = [recordCursor(a, span.a), recordCursor(b, span.b)] as const;
    for (const difference of mergeRecords(...cursors, ignored)) {
      if (difference === null) await setImmediate();
      else yield { ...about, ...difference };
    }
    done += records(a, b, span);
    onProgress(module, done, total);
  }
}

function bounded({ boundaries, ranges }: ModuleSide): { last: Buffer; digest: string }[] {
  return boundaries.map((last, at) => ({ last, digest: ranges[at]?.digest ?? '' }));
}

/** Counts the records of both sides of a span. */
function records(a: ModuleSide, b: ModuleSide, span: SpanPair): number {
  return countIn(a, span.a) + countIn(b, span.b);
}

function countIn({ ranges }: ModuleSide, [from, to]: readonly [number, number]): number {
  return ranges.slice(from, to).reduce((all, { count }) => all + count, 0);
}
