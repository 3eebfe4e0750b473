/**
 * Loads the keys of records that references refer to into tables: once if all tables fit into
 * memory together, else in partitions.
 */

import type { CompiledModule } from '../mapping/compile/module.ts';
import type { FieldType } from '../record/type.ts';
import { memberOf } from '../seal/candidateReader.ts';
import { comparable, type Comparison } from './comparable.ts';
import {
  isIn,
  keyHash,
  keysIn,
  keyTable,
  partitionsFor,
  tableBytes,
  type KeyHash,
  type KeyTable,
  type Partition,
} from './keyTable.ts';
import { hasFailed, moduleOf, type ScannedRecord, type Scope } from './scope.ts';

export interface Target {
  readonly module: string;
  readonly fields: readonly string[];
  readonly comparison: Comparison;
  /** Payload of each key: nothing, the record's ordinal, or the hash of a field and the ordinal. */
  readonly keep:
    | 'nothing'
    | 'ordinal'
    | { readonly field: string; readonly comparison: Comparison };
}

const WORDS = { nothing: 0, ordinal: 1, field: 5 } as const;

function targetId(target: Target): string {
  return JSON.stringify(target);
}

/** Returns the type of a field or of the id. @throws TypeError if there is no such field */
export function typeOfField(module: CompiledModule, field: string): FieldType {
  if (field === module.idField) return { kind: 'uuid' };
  const found = module.fields.find(({ name }) => name === field);
  if (found === undefined) throw new TypeError(`module ${module.name} has no field ${field}`);
  return found.type;
}

/** Hashes values as a key of the target; null if a value is null. */
export function hashOf(
  target: Target,
  values: readonly unknown[],
  types: readonly FieldType[],
): KeyHash | null {
  const parts: string[] = [];
  for (const [at, value] of values.entries()) {
    if (value === null || value === undefined) return null;
    parts.push(comparable(value, types[at] ?? { kind: 'json' }, target.comparison));
  }
  return keyHash(target.module, parts);
}

/** Hashes the value of a field, which may be null. */
export function valueHash(value: unknown, type: FieldType, comparison: Comparison): KeyHash {
  return keyHash('', [comparable(value, type, comparison)]);
}

/** Replaces the hash of a value that is unknown because its cell failed. */
const UNKNOWN: readonly number[] = [0, 0, 0, 0];

/** Returns partitions such that the tables of these targets fit into memory one by one. */
export function targetPartitions(scope: Scope, targets: readonly Target[]): Partition[] {
  let bytes = 0;
  for (const target of distinct(targets).values()) {
    bytes += tableBytes(scope.files.countOf(target.module), wordsOf(target));
  }
  return partitionsFor(bytes, scope.memory);
}

export interface LoadedTargets {
  /** Whether keys of this hash are in the loaded partition. */
  readonly holds: (key: KeyHash) => boolean;
  /** @throws TypeError for a target that was not loaded */
  readonly table: (target: Target) => KeyTable;
}

/** Reads the targets' keys of a partition into tables. */
export async function loadTargets(
  scope: Scope,
  targets: readonly Target[],
  partition: Partition,
): Promise<LoadedTargets> {
  const wanted = distinct(targets);
  const tables = new Map<string, KeyTable>();
  for (const [id, target] of wanted) {
    const keys = keysIn(partition, scope.files.countOf(target.module));
    tables.set(id, keyTable(keys, wordsOf(target)));
  }
  const holds = (key: KeyHash): boolean => isIn(partition, key);
  for (const module of new Set([...wanted.values()].map((target) => target.module))) {
    const ofModule = [...wanted.values()].filter((target) => target.module === module);
    await fill(scope, ofModule, tables, holds);
  }
  return {
    holds,
    table(target) {
      const table = tables.get(targetId(target));
      if (table === undefined) throw new TypeError('this target was not loaded');
      return table;
    },
  };
}

function distinct(targets: readonly Target[]): Map<string, Target> {
  return new Map(targets.map((target) => [targetId(target), target]));
}

function wordsOf({ keep }: Target): number {
  return typeof keep === 'object' ? WORDS.field : WORDS[keep];
}

/** Reads the records of a module into the tables of `targets`, which are all in that module. */
async function fill(
  scope: Scope,
  targets: readonly Target[],
  tables: ReadonlyMap<string, KeyTable>,
  holds: (key: KeyHash) => boolean,
): Promise<void> {
  const name = targets[0]?.module ?? '';
  const module = moduleOf(scope, name);
  const prepared = targets.map((target) => ({
    target,
    types: target.fields.map((field) => typeOfField(module, field)),
    table: tables.get(targetId(target)),
  }));
  for await (const { first, records } of scope.files.records(name, 'keys')) {
    for (const [index, record] of records.entries()) {
      if (record === null) continue;
      for (const { target, types, table } of prepared) {
        const values = target.fields.map((field) => memberOf(record, field));
        const key = hashOf(target, values, types);
        if (key === null || !holds(key)) continue;
        table?.add(key, payloadOf(scope, module, target, { ordinal: first + index, record }));
      }
    }
  }
}

function payloadOf(
  scope: Scope,
  module: CompiledModule,
  { keep }: Target,
  scanned: ScannedRecord,
): readonly number[] {
  const { ordinal, record } = scanned;
  if (keep === 'nothing') return [];
  if (keep === 'ordinal') return [ordinal];
  const { field, comparison } = keep;
  if (hasFailed(scope, module.name, scanned, [field])) return [...UNKNOWN, ordinal];
  return [...valueHash(memberOf(record, field), typeOfField(module, field), comparison), ordinal];
}
