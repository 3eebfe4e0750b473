/**
 * References by one id of type uuid, which most are: workers send the ids of many records in few bytes,
 * and no record is parsed to look them up.
 */

import type { Pool } from '../threads/pool.ts';
import { recordFile } from '../seal/candidateReader.ts';
import { NO_ID, PACKED, type PackedIds } from '../seal/packedIds.ts';
import {
  keyTable,
  partitionOf,
  partitionsFor,
  tableBytes,
  uuidKey,
  type Factors,
  type KeyTable,
} from './keyTable.ts';
import type { Reference } from './references.ts';
import { countOf, moduleOf, type Scope } from './scope.ts';
import { recordSearch, scannedChunks } from './scannedChunks.ts';
import { typeOfField } from './targets.ts';

export interface PackedReference {
  /** Which of the module's references it is. */
  readonly part: number;
  readonly field: string;
  readonly target: { readonly module: string; readonly field: string };
}

/** Those of a module's references that can be looked up so. */
export function packedReferences(
  scope: Scope,
  references: readonly Reference[],
): PackedReference[] {
  return references.flatMap(({ fields, types, target, nested }, part) => {
    const [field, ...more] = fields;
    const [to] = target.fields;
    if (nested !== null || field === undefined || to === undefined || more.length > 0) return [];
    const parent = typeOfField(moduleOf(scope, target.module), to);
    if (types[0]?.kind !== 'uuid' || parent.kind !== 'uuid') return [];
    return [{ part, field, target: { module: target.module, field: to } }];
  });
}

/** Takes the ids that a part of the module's records has, one list for each reference. */
export type LookUp = (firstLine: number, ids: readonly PackedIds[]) => void;

/**
 * Looks ids up, in one partition of all ids after the other: the module's parts go through each of them.
 * What no record has becomes a hit of the scope.
 */
export async function* lookUps(
  scope: Scope,
  references: readonly PackedReference[],
  pool: Pool,
): AsyncGenerator<LookUp> {
  const targets = new Map(references.map(({ target }) => [JSON.stringify(target), target]));
  let bytes = 0;
  for (const { module } of targets.values()) bytes += tableBytes(countOf(scope, module), 0);
  const partitions = partitionsFor(bytes, scope.memory);
  for (let partition = 0; partition < partitions; partition += 1) {
    const share = { partition, partitions };
    const tables = new Map<string, KeyTable>();
    for (const [id, target] of targets) tables.set(id, await tableOf(scope, target, share, pool));
    const all = references.map(({ target }) => tables.get(JSON.stringify(target)));
    yield (firstLine, ids) => {
      for (const [index, { part }] of references.entries()) {
        const found = missing(ids[index], all[index], { ...share, factors: scope.factors });
        for (const line of found) scope.hits.add(firstLine + line, part);
        if (partition === 0) scope.looked.references += given(ids[index]);
      }
    };
  }
}

interface Share {
  readonly partition: number;
  readonly partitions: number;
}

/** The ids that there are, of a partition. */
async function tableOf(
  scope: Scope,
  target: PackedReference['target'],
  { partition, partitions }: Share,
  pool: Pool,
): Promise<KeyTable> {
  const { module, field } = target;
  // A little more than its share, as partitions are not quite even.
  const table = keyTable(Math.ceil((countOf(scope, module) / partitions) * 1.1), 0);
  const search = recordSearch(moduleOf(scope, module), { idFields: [field] });
  for await (const { lines, ids } of scannedChunks(
    recordFile(scope.folder, module),
    search,
    pool,
  )) {
    const [{ words, states } = NOTHING] = ids;
    for (let line = 0; line < lines; line += 1) {
      if (states[line] !== PACKED) continue;
      const key = uuidKey(words, line * 4, scope.factors);
      if (partitionOf(key, partitions) === partition) table.add(key);
    }
  }
  return table;
}

const NOTHING: PackedIds = { words: new Uint32Array(0), states: new Uint8Array(0) };

/** How many lines have an id. */
function given({ states }: PackedIds = NOTHING): number {
  let number = 0;
  for (const state of states) if (state !== NO_ID) number += 1;
  return number;
}

/** Lines whose id is in the partition and not in its table; what is no id is in no table. */
function* missing(
  { words, states }: PackedIds = NOTHING,
  table: KeyTable | undefined,
  { partition, partitions, factors }: Share & { readonly factors: Factors },
): Generator<number> {
  for (let line = 0; line < states.length; line += 1) {
    const state = states[line];
    if (state === NO_ID) continue;
    if (state === PACKED) {
      const key = uuidKey(words, line * 4, factors);
      if (partitionOf(key, partitions) !== partition || table?.has(key) === true) continue;
    }
    yield line;
  }
}
