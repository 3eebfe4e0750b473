/**
 * Checks references by one id of type uuid, the most frequent kind, without parsing records:
 * workers send the ids of many records in packed form.
 */

import type { Pool } from '../threads/pool.ts';
import { NO_ID, PACKED, type PackedIds } from '../seal/packedIds.ts';
import {
  isIn,
  keysIn,
  keyTable,
  partitionsFor,
  tableBytes,
  uuidKey,
  type Factors,
  type KeyTable,
  type Partition,
} from './keyTable.ts';
import { NO_FINDINGS, type ChunkVisit } from './pass.ts';
import type { Reference } from './referencesOf.ts';
import { moduleOf, type Scope } from './scope.ts';
import { typeOfField } from './targets.ts';
import type { ViolationLog } from './violationStore.ts';

/** Threads that scan lines, and the factors of {@link uuidKey} for ids in them. */
export interface Threads {
  readonly pool: Pool;
  readonly factors: Factors;
}

export interface PackedReference {
  /** Index among the module's references. */
  readonly index: number;
  readonly field: string;
  readonly target: { readonly module: string; readonly field: string };
}

/** Selects a module's references that can be checked by packed ids. */
export function packedReferences(
  scope: Scope,
  references: readonly Reference[],
): PackedReference[] {
  return references.flatMap(({ fields, types, target, nested }, index) => {
    const [field, ...more] = fields;
    const [to] = target.fields;
    if (nested !== null || field === undefined || to === undefined || more.length > 0) return [];
    const parent = typeOfField(moduleOf(scope, target.module), to);
    if (types[0]?.kind !== 'uuid' || parent.kind !== 'uuid') return [];
    return [{ index, field, target: { module: target.module, field: to } }];
  });
}

/**
 * Returns visits of a module's chunks, one for each partition of all ids. References to missing
 * records are added to `log`; the kind is the reference's index.
 */
export function packedVisits(
  scope: Scope,
  references: readonly PackedReference[],
  threads: Threads,
  log: ViolationLog,
): ChunkVisit[] {
  if (references.length === 0) return [];
  const targets = new Map(references.map(({ target }) => [JSON.stringify(target), target]));
  let bytes = 0;
  for (const { module } of targets.values()) bytes += tableBytes(scope.files.countOf(module), 0);
  return partitionsFor(bytes, scope.memory).map((partition) => ({
    check: 'references',
    label: 'references',
    wanted: { idFields: references.map(({ field }) => field) },
    async open() {
      const tables = new Map<string, KeyTable>();
      for (const [id, target] of targets) {
        tables.set(id, await tableOf(scope, target, partition, threads));
      }
      const lookups = references.map(({ index, field, target }) => {
        return { index, field, table: tables.get(JSON.stringify(target)) };
      });
      return {
        scan({ firstLine, idsOf }) {
          for (const { index, field, table } of lookups) {
            const ids = idsOf(field);
            for (const line of missing(ids, table, partition, threads.factors)) {
              log.add(firstLine + line, index);
            }
            if (partition.number === 0) scope.tally.references += idCount(ids);
          }
          return NO_FINDINGS;
        },
      };
    },
  }));
}

/** Loads the ids of a partition that exist in the target. */
async function tableOf(
  scope: Scope,
  { module: name, field }: PackedReference['target'],
  partition: Partition,
  { pool, factors }: Threads,
): Promise<KeyTable> {
  const table = keyTable(keysIn(partition, scope.files.countOf(name)), 0);
  const reading = { lineage: false, wanted: { idFields: [field] }, label: null };
  for await (const { lines, idsOf } of scope.files.chunks(pool, moduleOf(scope, name), reading)) {
    const { words, states } = idsOf(field) ?? NOTHING;
    for (let line = 0; line < lines; line += 1) {
      if (states[line] !== PACKED) continue;
      const key = uuidKey(words, line * 4, factors);
      if (isIn(partition, key)) table.add(key);
    }
  }
  return table;
}

const NOTHING: PackedIds = { words: new Uint32Array(0), states: new Uint8Array(0) };

/** Counts the lines that have an id. */
function idCount({ states }: PackedIds = NOTHING): number {
  let number = 0;
  for (const state of states) if (state !== NO_ID) number += 1;
  return number;
}

/** Yields lines whose id is in the partition but not in its table, and lines with an invalid id. */
function* missing(
  { words, states }: PackedIds = NOTHING,
  table: KeyTable | undefined,
  partition: Partition,
  factors: Factors,
): Generator<number> {
  for (let line = 0; line < states.length; line += 1) {
    const state = states[line];
    if (state === NO_ID) continue;
    if (state === PACKED) {
      const key = uuidKey(words, line * 4, factors);
      if (!isIn(partition, key) || table?.has(key) === true) continue;
    }
    yield line;
  }
}
