/**
 * What differs between two sealed candidates, A and B: data roots, then module roots, then ranges,
 * and only of ranges that differ the records. Ascending by module, what is declared before records,
 * records by key.
 */

import { setImmediate } from 'node:timers/promises';

import type { ShownPart } from '../record/shownKey.ts';
import { byUtf8 } from '../seal/format.ts';
import { compareRecords, type RecordDifference } from './compareRecords.ts';
import { openModule, type ModuleSide } from './moduleSide.ts';
import { changedData } from './sealedRanges.ts';
import type { Side } from './side.ts';
import { stretches, type Stretch } from './stretches.ts';

/** Something that is declared in one way in A and in another one in B. */
interface Declared {
  readonly kind: 'declared';
  readonly module: string;
  readonly field?: string;
  readonly reason: string;
}

export interface DifferentRecord extends RecordDifference {
  readonly kind: 'record';
  readonly module: string;
  /** No id may be shown: the key is declared personal in A or in B. */
  readonly personalKey: boolean;
  /** Whether the key is an id that Sealift has made, so that it stands by itself. */
  readonly hasId: boolean;
  /** For each part of the key its kind of type, and whether both candidates declare it harmless. */
  readonly keyParts: readonly Omit<ShownPart, 'value'>[];
}

export type Difference = Declared | DifferentRecord;

export type OnProgress = (module: string, done: number, total: number) => void;

/**
 * All differences; none exactly where the data roots are equal.
 * @throws Failure CANDIDATE where what is read is not what was sealed
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
  // Roots that differ over equal records: one of the two is not the root of its records.
  if (found === 0)
    throw changedData(a, 'or B does not, their roots differ and their records do not');
}

function sameKey(a: ModuleSide, b: ModuleSide): boolean {
  return keyText(a) === keyText(b);
}

function keyText({ keyFields, keyTypes }: ModuleSide): string {
  return JSON.stringify([keyFields, keyTypes]);
}

/** Fields that only one of the two has, or that are declared in another way. */
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
    const reason = 'the module is declared in another way in B';
    yield { kind: 'declared', module, reason };
  }
}

function fieldReason(inA: boolean, inB: boolean): string {
  if (!inA) return 'the field is only in B';
  return inB ? 'the field is declared in another way in B' : 'the field is only in A';
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
  const work = [...stretches(bounded(a), bounded(b))];
  const total = work.reduce((sum, stretch) => sum + records(a, b, stretch), 0);
  let done = 0;
  onProgress(module, done, total);
  for (const stretch of work) {
    for (const difference of compareRecords(a, b, stretch, ignored)) {
      if (difference === null) await setImmediate();
      else yield { ...about, ...difference };
    }
    done += records(a, b, stretch);
    onProgress(module, done, total);
  }
}

function bounded({ boundaries, ranges }: ModuleSide): { last: Buffer; digest: string }[] {
  return boundaries.map((last, at) => ({ last, digest: ranges[at]?.digest ?? '' }));
}

/** Records of both sides of a stretch. */
function records(a: ModuleSide, b: ModuleSide, stretch: Stretch): number {
  return countIn(a, stretch.a) + countIn(b, stretch.b);
}

function countIn({ ranges }: ModuleSide, [from, to]: readonly [number, number]): number {
  return ranges.slice(from, to).reduce((all, { count }) => all + count, 0);
}
