/**
 * What there may be only once: keys, exactly (a provisional candidate keeps duplicates) and but for
 * blanks and case, and the sets of fields that the mapping declares unique. A null is equal to
 * nothing, as in SQL. One finding names all records of a group.
 */

import type { CompiledModule } from '../mapping/compile/module.ts';
import { severityOf } from '../mapping/severity.ts';
import type { Finding, SourceLocator } from '../outcome/finding.ts';
import type { Rule } from '../outcome/rules.ts';
import { memberOf, type ReadRecord } from '../seal/candidateReader.ts';
import { folded } from './comparable.ts';
import {
  keyHash,
  keyTable,
  partText,
  partitionOf,
  partitionsFor,
  tableBytes,
  type KeyHash,
  type KeyTable,
} from './keyTable.ts';
import { countOf, recordsOf, type Scope } from './scope.ts';

interface UniqueSet {
  readonly rule: Rule;
  readonly fields: readonly string[];
  readonly reason: string;
  readonly lineage: boolean;
  /** What there may be once, unless a part is null. */
  readonly valuesOf: (record: ReadRecord) => readonly unknown[];
  /** Records of equal owner are no duplicates of each other: another rule has them already. */
  readonly ownerOf: ((record: ReadRecord) => readonly unknown[]) | null;
}

/** Findings `key-duplicate`, `key-similar` and `unique` of a module, in this order. */
export async function* checkDuplicates(
  scope: Scope,
  module: CompiledModule,
): AsyncGenerator<Finding> {
  const sets = setsOf(module, scope.provenance !== undefined);
  for (const lineage of [false, true]) {
    const here = [...sets.entries()].filter(([, set]) => set.lineage === lineage);
    if (here.length > 0) await collect(scope, module, here, lineage);
  }
  for (const { part, ordinals } of scope.hits.takeGroups()) {
    const set = sets[part];
    if (set === undefined) continue;
    const { rule, fields, reason } = set;
    // None of the rows will be taken, whatever a project makes of it: they are lost.
    const severity =
      rule === 'key-duplicate'
        ? 'BLOCKER'
        : severityOf(scope.mapping.project, rule, module.name, fields);
    const members = membersOf(scope, module.name, ordinals);
    yield { rule, severity, module: module.name, field: fields.join('+'), members, reason };
  }
}

function setsOf(module: CompiledModule, provisional: boolean): UniqueSet[] {
  const { orderFields } = module;
  const keyOf = membersNamed(orderFields);
  const sets: UniqueSet[] = [];
  if (provisional) {
    const reason = 'several rows have this key';
    sets.push({
      rule: 'key-duplicate',
      fields: orderFields,
      reason,
      lineage: false,
      valuesOf: keyOf,
      ownerOf: null,
    });
  }
  if (module.key.some(({ type }) => type.kind === 'string')) {
    const legacyKey = module.hasLineage ? lineageKey : keyOf;
    sets.push({
      rule: 'key-similar',
      fields: module.hasLineage ? legacyFields(module) : orderFields,
      reason: 'keys differ in nothing but blanks and case',
      lineage: module.hasLineage,
      valuesOf: (record) =>
        legacyKey(record).map((part) => (typeof part === 'string' ? folded(part) : part)),
      ownerOf: legacyKey,
    });
  }
  for (const fields of module.mapping.unique ?? []) {
    const valuesOf = membersNamed(fields);
    sets.push({
      rule: 'unique',
      fields,
      reason: 'several records have these values',
      lineage: false,
      valuesOf,
      ownerOf: provisional ? keyOf : null,
    });
  }
  return sets;
}

function membersNamed(fields: readonly string[]): (record: ReadRecord) => unknown[] {
  return (record) => fields.map((field) => memberOf(record, field));
}

function lineageKey(record: ReadRecord): readonly unknown[] {
  const key = memberOf(record, 'key');
  return Array.isArray(key) ? (key as unknown[]) : [null];
}

/** The fields that hold the legacy key, or the id where there are none. */
function legacyFields(module: CompiledModule): string[] {
  const names = module.key.flatMap(
    ({ column }) =>
      module.fields.find(({ mapping }) => 'column' in mapping && mapping.column === column)?.name ??
      [],
  );
  return names.length === module.key.length ? names : [module.idField ?? ''];
}

/** Puts the members of all groups of at least two records into the hits. */
async function collect(
  scope: Scope,
  module: CompiledModule,
  sets: readonly (readonly [part: number, set: UniqueSet])[],
  lineage: boolean,
): Promise<void> {
  const count = countOf(scope, module.name);
  let bytes = 0;
  for (const [, { ownerOf }] of sets) bytes += tableBytes(count, payloadWords(ownerOf));
  const partitions = partitionsFor(bytes, scope.memory);
  for (let partition = 0; partition < partitions; partition += 1) {
    const tables = sets.map(([, { ownerOf }]) =>
      keyTable(Math.ceil((count / partitions) * 1.1), payloadWords(ownerOf)),
    );
    for await (const { first, records } of recordsOf(scope, module.name, 'keys', lineage)) {
      for (const [index, record] of records.entries()) {
        if (record === null) continue;
        for (const [at, [part, set]] of sets.entries()) {
          const values = set.valuesOf(record);
          if (values.includes(null)) continue;
          const key = keyHash(set.fields.join('+'), values.map(partText));
          const table = tables[at];
          if (table === undefined || partitionOf(key, partitions) !== partition) continue;
          const owner = set.ownerOf === null ? [] : keyHash('', set.ownerOf(record).map(partText));
          note(scope, part, table, { key, ordinal: first + index, owner });
        }
      }
    }
  }
}

function payloadWords(ownerOf: UniqueSet['ownerOf']): number {
  return ownerOf === null ? 1 : 5;
}

function note(
  scope: Scope,
  part: number,
  table: KeyTable,
  entry: { readonly key: KeyHash; readonly ordinal: number; readonly owner: readonly number[] },
): void {
  const { key, ordinal, owner } = entry;
  const [earlier] = table.payloads(key);
  if (earlier === undefined) {
    table.add(key, [ordinal, ...owner]);
    return;
  }
  for (const [of, ...words] of [earlier, [ordinal, ...owner]]) {
    if (of === undefined) continue;
    const ownerText = words.length === 0 ? String(of) : words.join();
    scope.hits.addMember({ part, group: key.join(), owner: ownerText, ordinal: of });
  }
}

/** Rows of the source where they are known, in source order; else lines of the module's file. */
function membersOf(scope: Scope, module: string, ordinals: readonly number[]): SourceLocator[] {
  const { provenance } = scope;
  if (provenance === undefined) return ordinals.map((at) => ({ table: module, row: at + 1 }));
  const rows = ordinals.map((at) => provenance.rowOf(module, at));
  return rows.sort((a, b) => (BigInt(a.row) < BigInt(b.row) ? -1 : 1));
}
