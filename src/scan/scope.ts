/** What all checks of a scan share: the candidate, its modules, and how a finding is written. */

import type { CompiledModule } from '../mapping/compile/module.ts';
import { columnsOfField, isReference, type Mapping } from '../mapping/model.ts';
import { severityOf } from '../mapping/severity.ts';
import type { Finding, Severity, SourceLocator } from '../outcome/finding.ts';
import type { Rule } from '../outcome/rules.ts';
import { shownId, shownKey } from '../record/shownKey.ts';
import {
  countLines,
  memberOf,
  readRecords,
  recordFile,
  type ReadRecord,
  type RecordBatch,
} from '../seal/candidateReader.ts';
import type { Hits } from './hits.ts';
import type { Factors } from './keyTable.ts';

/** What is known of the records of a provisional candidate; `ordinal` is the 0-based line. */
export interface Provenance {
  rowOf(module: string, ordinal: number): SourceLocator;
  /** Fields whose cell failed and is null now: checks of them would only repeat it. */
  failedFields(module: string, ordinal: number): ReadonlySet<string>;
  /** Whether one row may be that of several records: then what is known of it is not of each. */
  sharesRows(module: string): boolean;
  /** Id of a finding on that record, and field where it is not null. */
  findingOf(module: string, ordinal: number, field: string | null): string | undefined;
}

export interface Scope {
  readonly folder: string;
  readonly mapping: Mapping;
  /** All modules of the mapping, by name. */
  readonly modules: ReadonlyMap<string, CompiledModule>;
  readonly scratch: string;
  /** Bytes for look-up tables. */
  readonly memory: number;
  readonly provenance: Provenance | undefined;
  readonly hits: Hits;
  /** Lines that were no records, by file. */
  readonly badLines: Map<string, BadLines>;
  readonly counts: Map<string, number>;
  /** What keys of ids are made with. */
  readonly factors: Factors;
  readonly onProgress: (check: string, done: number, total: number) => void;
  readonly looked: Looked;
}

/** How much a scan has looked at. */
export interface Looked {
  /** Of the modules that were checked. */
  records: number;
  /** Ids and values that were looked up among those of other records. */
  references: number;
}

export interface BadLines {
  readonly lines: number;
  /** 0-based. */
  readonly first: number;
}

export function moduleOf(scope: Scope, name: string): CompiledModule {
  const module = scope.modules.get(name);
  if (module === undefined) throw new TypeError(`no module ${name}`);
  return module;
}

/** Records of a module, 0 where its file cannot be read. */
export function countOf(scope: Scope, module: string): number {
  const known = scope.counts.get(module);
  if (known !== undefined) return known;
  const count = countLines(recordFile(scope.folder, module)) ?? 0;
  scope.counts.set(module, count);
  return count;
}

/** The records of a module for `check`; with `lineage`, its legacy keys in the same order. */
export async function* recordsOf(
  scope: Scope,
  module: string,
  check: string,
  lineage = false,
): AsyncGenerator<RecordBatch> {
  const total = countOf(scope, module);
  const path = recordFile(scope.folder, module, lineage);
  const label = `${check} of ${module}`;
  let bad: BadLines = { lines: 0, first: -1 };
  for await (const batch of readRecords(path)) {
    yield batch;
    for (const [index, record] of batch.records.entries()) {
      if (record !== null) continue;
      bad = { lines: bad.lines + 1, first: bad.lines === 0 ? batch.first + index : bad.first };
    }
    scope.onProgress(label, batch.first + batch.records.length, total);
  }
  scope.badLines.set(path, bad);
}

/** What a check says about a record. */
export interface Accusation {
  readonly rule: Rule;
  /** One, or those of a set in the order of their declaration; a finding joins them by `+`. */
  readonly fields: readonly string[];
  readonly reason: string;
  readonly severity?: Severity;
}

export interface ScannedRecord {
  readonly ordinal: number;
  readonly record: ReadRecord;
}

/** The finding of a record. */
export function recordFinding(
  scope: Scope,
  module: CompiledModule,
  { ordinal, record }: ScannedRecord,
  accusation: Accusation,
): Finding {
  const { rule, fields, reason } = accusation;
  const recordId = recordIdOf(module, record);
  return {
    rule,
    severity: accusation.severity ?? severityOf(scope.mapping.project, rule, module.name, fields),
    module: module.name,
    ...(recordId === undefined ? {} : { recordId }),
    ...(scope.provenance === undefined
      ? lineOf(recordId, ordinal)
      : { source: scope.provenance.rowOf(module.name, ordinal) }),
    field: fields.join('+'),
    reason,
  };
}

/** Where nothing else says which record it is. */
function lineOf(recordId: string | undefined, ordinal: number): Pick<Finding, 'line'> {
  return recordId === undefined ? { line: ordinal + 1 } : {};
}

function recordIdOf(module: CompiledModule, record: ReadRecord): string | undefined {
  return shownKeyOf(
    module,
    module.orderFields.map((field) => memberOf(record, field)),
  );
}

/**
 * What a report may say of a record's key, given the values of the fields that order it: the id, or
 * the kept key as canonical JSON; nothing where it may tell of a person.
 */
export function shownKeyOf(module: CompiledModule, key: readonly unknown[]): string | undefined {
  if (hasPersonalKey(module)) return undefined;
  if (module.idField !== null) return shownId(key[0]);
  const parts = module.orderFields.map((field, at) => {
    const kind = module.orderTypes[at]?.kind ?? '';
    return { value: key[at], kind, harmless: isHarmless(module, field) };
  });
  return shownKey(parts);
}

function isHarmless({ fields }: CompiledModule, field: string): boolean {
  return fields.some(({ name, mapping }) => {
    return name === field && !isReference(mapping) && mapping.harmless === true;
  });
}

/** Whether the key is declared personal, so that no report names it. */
function hasPersonalKey(module: CompiledModule): boolean {
  const columns = new Set(module.key.map((part) => part.column));
  return module.fields.some(
    ({ mapping }) =>
      !isReference(mapping) &&
      mapping.pii !== undefined &&
      columnsOfField(mapping).some((column) => columns.has(column)),
  );
}

/**
 * Turns the hits of a check into findings, by ordinal; `part` of a hit is its accusation's index. Where that
 * is null, it is none.
 */
export async function* findingsOfHits(
  scope: Scope,
  module: CompiledModule,
  accusations: readonly (Accusation | null)[],
): AsyncGenerator<Finding> {
  const hits = scope.hits.take();
  try {
    let hit = hits.next();
    if (hit.done === true) return;
    for await (const { first, records } of readRecords(recordFile(scope.folder, module.name))) {
      while (hit.done !== true && hit.value.ordinal < first + records.length) {
        const { ordinal, part, because } = hit.value;
        const record = records[ordinal - first];
        const accusation = accusations[part];
        if (record !== null && record !== undefined && accusation) {
          const finding = recordFinding(scope, module, { ordinal, record }, accusation);
          yield because === null ? finding : { ...finding, because };
        }
        hit = hits.next();
      }
    }
    // Runs to the end, after which there are no hits any more.
    while (hit.done !== true) hit = hits.next();
  } finally {
    hits.return(undefined);
  }
}

/** Id of a finding on one of these fields of a record: what differs there may be its doing. */
export function earlierFinding(
  scope: Scope,
  module: string,
  ordinal: number,
  fields: readonly string[],
): string | undefined {
  // Which of the records of a row it is about is not known, and a wrong cause is worse than none.
  if (scope.provenance?.sharesRows(module) === true) return undefined;
  for (const field of fields) {
    const id = scope.provenance?.findingOf(module, ordinal, field);
    if (id !== undefined) return id;
  }
  return undefined;
}

const NONE: ReadonlySet<string> = new Set();

/**
 * The fields of a record whose cells failed. Of records that share a row only those that are null:
 * else what failed in one of them would hide what is wrong with the others.
 */
export function failedFieldsOf(
  scope: Scope,
  module: string,
  { ordinal, record }: ScannedRecord,
): ReadonlySet<string> {
  const { provenance } = scope;
  const failed = provenance?.failedFields(module, ordinal) ?? NONE;
  if (failed.size === 0 || provenance?.sharesRows(module) !== true) return failed;
  return new Set([...failed].filter((field) => memberOf(record, field) === null));
}

/** Whether a cell of one of these fields failed, so that its finding says it all. */
export function hasFailed(
  scope: Scope,
  module: string,
  scanned: ScannedRecord,
  fields: readonly string[],
): boolean {
  const failed = failedFieldsOf(scope, module, scanned);
  return fields.some((field) => failed.has(field));
}
