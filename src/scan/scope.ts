/** State shared by all checks of a scan: the candidate, its modules, and facts on its records. */

import type { CompiledModule } from '../mapping/compile/module.ts';
import type { Mapping } from '../mapping/model.ts';
import type { SourceLocator } from '../outcome/finding.ts';
import { memberOf, type ReadRecord } from '../seal/candidateReader.ts';
import type { PiiProof } from './pii/piiProof.ts';
import type { ScannedFiles } from './scannedFiles.ts';
import type { ViolationStore } from './violationStore.ts';

/** Facts on the records of a provisional candidate; `ordinal` is the 0-based line. */
export interface Provenance {
  rowOf(module: string, ordinal: number): SourceLocator;
  /** Fields whose cell failed and became null; checks of them would only repeat that finding. */
  failedFields(module: string, ordinal: number): ReadonlySet<string>;
  /** Whether several records may come from one row, so that its facts do not apply to each. */
  sharesRows(module: string): boolean;
  /** Id of a finding on the record and, unless it is null, the field. */
  findingOf(module: string, ordinal: number, field: string | null): string | undefined;
}

export interface Scope {
  readonly mapping: Mapping;
  /** All modules of the mapping, by name. */
  readonly modules: ReadonlyMap<string, CompiledModule>;
  readonly files: ScannedFiles;
  readonly provenance: Provenance | undefined;
  /** Bytes for lookup tables. */
  readonly memory: number;
  /** Opens the logs of what checks find. */
  readonly store: ViolationStore;
  readonly tally: ScanTally;
  readonly pii: PiiProof;
}

/** Numbers of checked records and references. */
export interface ScanTally {
  /** Records of the modules that were checked. */
  records: number;
  /** Ids and values that were looked up in other records. */
  references: number;
}

export interface ScannedRecord {
  /** 0-based line. */
  readonly ordinal: number;
  readonly record: ReadRecord;
}

/** @throws TypeError if the mapping has no module of that name */
export function moduleOf(scope: Pick<Scope, 'modules'>, name: string): CompiledModule {
  const module = scope.modules.get(name);
  if (module === undefined) throw new TypeError(`no module ${name}`);
  return module;
}

/** Returns the id of an earlier finding on one of these fields, as a possible cause. */
export function earlierFinding(
  scope: Scope,
  module: string,
  ordinal: number,
  fields: readonly string[],
): string | undefined {
  // It is not known which of the row's records the finding is about.
  if (scope.provenance?.sharesRows(module) === true) return undefined;
  for (const field of fields) {
    const id = scope.provenance?.findingOf(module, ordinal, field);
    if (id !== undefined) return id;
  }
  return undefined;
}

const NONE: ReadonlySet<string> = new Set();

/**
 * Returns the fields of a record whose cells failed. For records that share a row, only those that
 * are null, so that a failure in one record does not hide faults of the others.
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

/** Whether a cell of one of these fields failed, which has a finding already. */
export function hasFailed(
  scope: Scope,
  module: string,
  scanned: ScannedRecord,
  fields: readonly string[],
): boolean {
  const failed = failedFieldsOf(scope, module, scanned);
  return fields.some((field) => failed.has(field));
}
