/**
 * Finds duplicates: of keys, exactly (in a provisional candidate, which keeps them) and ignoring
 * whitespace and case, and of the sets of fields that the mapping declares unique. As in SQL, null
 * does not equal null. One finding names all records of a group.
 */

import type { CompiledModule } from '../mapping/compile/module.ts';
import { severityOf } from '../mapping/severity.ts';
import type { Finding, SourceLocator } from '../outcome/finding.ts';
import type { Rule } from '../outcome/rules.ts';
import { memberOf, type ReadRecord, type RecordBatch } from '../seal/candidateReader.ts';
import { folded } from './comparable.ts';
import {
  isIn,
  keyHash,
  keysIn,
  keyTable,
  partitionsFor,
  partText,
  tableBytes,
  type KeyHash,
  type KeyTable,
  type Partition,
} from './keyTable.ts';
import { NO_FINDINGS, recordPass, type CheckPlan, type RecordPass, type Visitor } from './pass.ts';
import type { Scope } from './scope.ts';
import type { GroupLog } from './violationStore.ts';

interface UniqueSet {
  readonly rule: Rule;
  readonly fields: readonly string[];
  readonly reason: string;
  readonly lineage: boolean;
  /** Values that must be unique, unless one of them is null. */
  readonly valuesOf: (record: ReadRecord) => readonly unknown[];
  /** Records of one owner are not duplicates of each other: another rule reports them. */
  readonly ownerOf: ((record: ReadRecord) => readonly unknown[]) | null;
}

/** Plans findings `key-duplicate`, `key-similar` and `unique` of a module, in this order. */
export function planDuplicates(scope: Scope, module: CompiledModule): CheckPlan {
  const sets = setsOf(module, scope.provenance !== undefined);
  if (sets.length === 0) return {};
  const log = scope.store.openGroups();
  const ofFile = (lineage: boolean): RecordPass[] => {
    const inFile = [...sets.entries()].filter(([, set]) => set.lineage === lineage);
    return collectingPasses({ scope, module, sets: inFile, log }, lineage);
  };
  const run = (): Generator<Finding> => groupFindings(scope, module, sets, log);
  return {
    passes: [
      ...ofFile(false),
      ...ofFile(true),
      { reads: 'noted records', check: 'duplicates', run },
    ],
  };
}

function* groupFindings(
  scope: Scope,
  module: CompiledModule,
  sets: readonly UniqueSet[],
  log: GroupLog,
): Generator<Finding> {
  for (const group of log.take()) {
    const set = sets[group.set];
    if (set === undefined) continue;
    const { rule, fields, reason } = set;
    // All of the rows will be rejected, so a project cannot lower the severity.
    const severity =
      rule === 'key-duplicate'
        ? 'BLOCKER'
        : severityOf(scope.mapping.project, rule, module.name, fields);
    const members = membersOf(scope, module.name, group.ordinals);
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
      reason: 'keys differ only in whitespace and case',
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

/** Returns the fields of the legacy key, or the id if it has none. */
function legacyFields(module: CompiledModule): string[] {
  const names = module.key.flatMap(
    ({ column }) =>
      module.fields.find(({ mapping }) => 'column' in mapping && mapping.column === column)?.name ??
      [],
  );
  return names.length === module.key.length ? names : [module.idField ?? ''];
}

interface Search {
  readonly scope: Scope;
  readonly module: CompiledModule;
  /** Sets whose values are in the file that is read, with their index among all of the module. */
  readonly sets: readonly (readonly [index: number, set: UniqueSet])[];
  readonly log: GroupLog;
}

/** Notes the members of groups of at least two records, in one pass for each partition of keys. */
function collectingPasses(search: Search, lineage: boolean): RecordPass[] {
  const { scope, module, sets } = search;
  if (sets.length === 0) return [];
  const count = scope.files.countOf(module.name);
  let bytes = 0;
  for (const [, { ownerOf }] of sets) bytes += tableBytes(count, payloadWords(ownerOf));
  return partitionsFor(bytes, scope.memory).map((partition) => {
    const open = (): Visitor<RecordBatch> => collector(search, count, partition);
    return recordPass({ check: 'duplicates', label: 'keys', open }, lineage);
  });
}

function collector(
  { sets, log }: Search,
  count: number,
  partition: Partition,
): Visitor<RecordBatch> {
  const tables = sets.map(([index, set]) => {
    const table = keyTable(keysIn(partition, count), payloadWords(set.ownerOf));
    return { index, set, table };
  });
  return {
    scan({ first, records }) {
      for (const [at, record] of records.entries()) {
        if (record === null) continue;
        for (const { index, set, table } of tables) {
          const values = set.valuesOf(record);
          if (values.includes(null)) continue;
          const key = keyHash(set.fields.join('+'), values.map(partText));
          if (!isIn(partition, key)) continue;
          const owner = set.ownerOf === null ? [] : keyHash('', set.ownerOf(record).map(partText));
          note(log, index, table, { key, ordinal: first + at, owner });
        }
      }
      return NO_FINDINGS;
    },
  };
}

function payloadWords(ownerOf: UniqueSet['ownerOf']): number {
  return ownerOf === null ? 1 : 5;
}

function note(
  log: GroupLog,
  set: number,
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
    log.add({ set, group: key.join(), owner: ownerText, ordinal: of });
  }
}

/** Returns rows of the source, in source order, if known; else lines of the module's file. */
function membersOf(scope: Scope, module: string, ordinals: readonly number[]): SourceLocator[] {
  const { provenance } = scope;
  if (provenance === undefined) return ordinals.map((at) => ({ table: module, row: at + 1 }));
  const rows = ordinals.map((at) => provenance.rowOf(module, at));
  return rows.sort((a, b) => (BigInt(a.row) < BigInt(b.row) ? -1 : 1));
}
