/** What all checks of a scan share: the candidate, its modules, and what is known of its records. */

import type { CompiledModule } from '../mapping/compile/module.ts';
import type { Mapping } from '../mapping/model.ts';
import type { SourceLocator } from '../outcome/finding.ts';
import { memberOf, type ReadRecord } from '../seal/candidateReader.ts';
import type { ScannedFiles } from './scannedFiles.ts';
import type { ViolationStore } from './violationStore.ts';

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
  readonly mapping: Mapping;
  /** All modules of the mapping, by name. */
  readonly modules: ReadonlyMap<string, CompiledModule>;
  readonly files: ScannedFiles;
  readonly provenance: Provenance | undefined;
  /** Bytes for look-up tables. */
  readonly memory: number;
  /** Opens the logs of what checks find. */
  readonly store: ViolationStore;
  readonly tally: ScanTally;
}

/** Numbers of what a scan has checked. */
export interface ScanTally {
  /** Records of the modules that were checked. */
  records: number;
  /** Ids and values that were looked up among those of other records. */
  references: number;
}

export interface ScannedRecord {
  /** 0-based line. */
  readonly ordinal: number;
  readonly record: ReadRecord;
}

/** @throws TypeError where the mapping has no module of that name */
export function moduleOf(scope: Pick<Scope, 'modules'>, name: string): CompiledModule {
  const module = scope.modules.get(name);
  if (module === undefined) throw new TypeError(`no module ${name}`);
  return module;
}

/** Id of a finding on one of these fields of a record, from which what is wrong there may follow. */
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
