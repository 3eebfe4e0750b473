/**
 * Finds personal data in fields that are not declared for it, and which is therefore not protected.
 * Findings give its place in the text, not the data.
 */

import type { CompiledModule } from '../mapping/compile/module.ts';
import { columnsOfField, isReference } from '../mapping/model.ts';
import type { Finding } from '../outcome/finding.ts';
import { classesNamed } from '../pii/columnEvidence.ts';
import { PII_CLASSES } from '../pii/piiClass.ts';
import type { FieldType } from '../record/type.ts';
import { memberOf, type RecordBatch } from '../seal/candidateReader.ts';
import { recordPass, type CheckPlan } from './pass.ts';
import { undeclaredIn, type SearchedField, type UndeclaredPii } from './piiInValue.ts';
import { recordFinding } from './recordFinding.ts';
import type { PlacedChunk } from './scannedFiles.ts';
import type { ScannedRecord, Scope } from './scope.ts';

const LABEL = 'personal data';

/** Plans findings `pii-undeclared` by line, field and place; threads search the lines. */
export function planPiiInChunks(scope: Scope, module: CompiledModule): CheckPlan {
  const searched = searchedFields(module);
  if (searched.length === 0) return {};
  const visitor = {
    *scan({ firstLine, pii }: PlacedChunk): Generator<Finding> {
      for (const { line, key, ...found } of pii) {
        yield piiFinding(scope, module, { ordinal: firstLine + line, record: key }, found);
      }
    },
  };
  return { chunks: [{ check: 'pii', label: LABEL, wanted: { searched }, open: () => visitor }] };
}

/** Plans the same findings for records that are parsed in this thread. */
export function planPiiInRecords(scope: Scope, module: CompiledModule): CheckPlan {
  const fields = searchedFields(module);
  if (fields.length === 0) return {};
  const visitor = {
    *scan({ first, records }: RecordBatch): Generator<Finding> {
      for (const [index, record] of records.entries()) {
        if (record === null) continue;
        const scanned = { ordinal: first + index, record };
        for (const field of fields) {
          for (const found of undeclaredIn(memberOf(record, field.name), field)) {
            yield piiFinding(scope, module, scanned, { ...found, field: field.name });
          }
        }
      }
    },
  };
  return { passes: [recordPass({ check: 'pii', label: LABEL, open: () => visitor })] };
}

/** Returns the fields that contain text, by name. */
function searchedFields(module: CompiledModule): SearchedField[] {
  return module.fields.flatMap(({ name, mapping, type }) => {
    if (isReference(mapping) || !holdsText(type)) return [];
    const declared = mapping.pii ?? null;
    const expected = PII_CLASSES.filter((of) => of === declared);
    const named = columnsOfField(mapping).flatMap((column) => classesNamed(column));
    const suggested = [...new Set([...expected, ...classesNamed(name), ...named])];
    return [{ name, declared, expected: suggested, plain: type.kind === 'string' }];
  });
}

function holdsText(type: FieldType): boolean {
  if (type.kind === 'array') return holdsText(type.of);
  return type.kind === 'string' || type.kind === 'json' || type.kind === 'tagged';
}

function piiFinding(
  scope: Scope,
  module: CompiledModule,
  scanned: ScannedRecord,
  { field, of, place }: UndeclaredPii & { readonly field: string },
): Finding {
  const reason = `it holds ${of}, which is not declared`;
  const violation = { rule: 'pii-undeclared', fields: [field], reason } as const;
  return { ...recordFinding(scope, module, scanned, violation), ...place };
}
