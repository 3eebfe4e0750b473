/** Makes findings on records. They locate the record without showing personal data. */

import type { CompiledModule } from '../mapping/compile/module.ts';
import { isReference } from '../mapping/model.ts';
import { hasPersonalKey } from '../mapping/piiPolicy.ts';
import { severityOf } from '../mapping/severity.ts';
import type { Finding, Severity } from '../outcome/finding.ts';
import type { Rule } from '../outcome/rules.ts';
import { shownId, shownKey } from '../record/shownKey.ts';
import { memberOf, readRecords, recordFile, type ReadRecord } from '../seal/candidateReader.ts';
import type { ScannedRecord, Scope } from './scope.ts';
import type { ViolationLog } from './violationStore.ts';

/** A fault of a record, as reported by a check. */
export interface Violation {
  readonly rule: Rule;
  /** Fields in the order of their declaration; a finding joins them by `+`. */
  readonly fields: readonly string[];
  readonly reason: string;
  readonly severity?: Severity;
}

/** Makes a finding of a violation. */
export function recordFinding(
  scope: Scope,
  module: CompiledModule,
  { ordinal, record }: ScannedRecord,
  violation: Violation,
): Finding {
  const { rule, fields, reason } = violation;
  const recordId = recordIdOf(module, record);
  return {
    rule,
    severity: violation.severity ?? severityOf(scope.mapping.project, rule, module.name, fields),
    module: module.name,
    ...(recordId === undefined ? {} : { recordId }),
    ...(scope.provenance === undefined
      ? lineOf(recordId, ordinal)
      : { source: scope.provenance.rowOf(module.name, ordinal) }),
    field: fields.join('+'),
    reason,
  };
}

/** Returns the line if the record has no id that may be shown. */
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
 * Formats the key of a record for reports, given the values of its order fields: the id, or the
 * kept key as canonical JSON; undefined if it may be personal data.
 */
export function shownKeyOf(module: CompiledModule, key: readonly unknown[]): string | undefined {
  if (hasPersonalKey(module.mapping)) return undefined;
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

/**
 * Turns the entries of a check's log into findings, by ordinal, and empties the log. Reads the
 * records again if there are entries. Kinds whose violation is null are reported elsewhere.
 */
export async function* violationFindings(
  scope: Scope,
  module: CompiledModule,
  log: ViolationLog,
  kinds: readonly (Violation | null)[],
): AsyncGenerator<Finding> {
  const entries = log.take();
  try {
    let entry = entries.next();
    if (entry.done === true) return;
    for await (const { first, records } of readRecords(
      recordFile(scope.files.folder, module.name),
    )) {
      while (entry.done !== true && entry.value.ordinal < first + records.length) {
        const { ordinal, kind, because } = entry.value;
        const record = records[ordinal - first];
        const violation = kinds[kind];
        if (record !== null && record !== undefined && violation) {
          const finding = recordFinding(scope, module, { ordinal, record }, violation);
          yield because === null ? finding : { ...finding, because };
        }
        entry = entries.next();
      }
    }
    // The log is emptied when all entries are read.
    while (entry.done !== true) entry = entries.next();
  } finally {
    entries.return(undefined);
  }
}
