/** Searches the legacy keys in the lineage: an id that is personal data itself is in every reference. */

import { columnsOfField, isReference } from '../../mapping/model.ts';
import type { CompiledKeyPart, CompiledModule } from '../../mapping/compile/module.ts';
import { piiOf } from '../../mapping/piiPolicy.ts';
import type { Finding } from '../../outcome/finding.ts';
import { memberOf, type RecordBatch } from '../../seal/candidateReader.ts';
import { recordPass, type RecordPass, type Visitor } from '../pass.ts';
import type { Scope } from '../scope.ts';
import { columnFindings } from './moduleFindings.ts';
import { piiFinding } from './piiFinding.ts';
import type { SearchedField } from './searchedField.ts';
import { valueSearch } from './searchValue.ts';
import { keysOf } from '../../mapping/compile/treatedCell.ts';

/** Plans findings `pii-id` of key columns that are in no field; those in a field are found there. */
export function legacyIdPasses(scope: Scope, module: CompiledModule): RecordPass[] {
  if (!module.hasLineage) return [];
  const parts = partsInNoField(module).filter(({ type }) => OPEN_FORMS.has(type.kind));
  if (parts.length === 0) return [];
  const visitor = (): Visitor<RecordBatch> => {
    const searches = parts.map(({ column, type, at }) => {
      const field = keyField(scope, module, { column, kind: type.kind });
      return { field, column, at, find: valueSearch(field, keysOf(field, scope.pii.secrets)) };
    });
    return {
      *scan({ first, records }): Generator<Finding> {
        for (const [index, record] of records.entries()) {
          const key = record === null ? null : memberOf(record, 'key');
          if (record === null || !Array.isArray(key)) continue;
          const scanned = { ordinal: first + index, record: idOnly(module, record) };
          for (const { column, at, find } of searches) {
            for (const fault of find(key[at], [])) {
              yield piiFinding(scope, module, scanned, column, fault);
            }
          }
        }
      },
      *end(): Generator<Finding> {
        for (const { field, find } of searches) {
          yield* columnFindings(scope, module, field, find.counts);
        }
      },
    };
  };
  return [recordPass({ check: 'pii', label: 'legacy ids', open: visitor }, true)];
}

/** Returns the parts of a legacy key that no field holds, with their places in it. */
export function partsInNoField({
  fields,
  key,
}: CompiledModule): (CompiledKeyPart & { readonly at: number })[] {
  const inFields = new Set(
    fields.flatMap(({ mapping }) => (isReference(mapping) ? [] : columnsOfField(mapping))),
  );
  return key.flatMap((part, at) => (inFields.has(part.column) ? [] : [{ ...part, at }]));
}

/** Kinds of keys that personal data can be written in. */
const OPEN_FORMS: ReadonlySet<string> = new Set(['string', 'enum', 'integer', 'bigint', 'tagged']);

/** Returns the members of the lineage that locate the record. */
export function idOnly(
  { idField }: CompiledModule,
  record: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  return { [idField ?? 'id']: memberOf(record, 'id') };
}

function keyField(
  scope: Scope,
  { mapping }: CompiledModule,
  { column, kind }: { readonly column: string; readonly kind: string },
): SearchedField {
  const declared = piiOf(mapping, column);
  return {
    name: column,
    holds: kind === 'integer' || kind === 'bigint' ? 'number' : 'text',
    declared: declared?.class ?? null,
    allowed: [],
    expected: [],
    shape: null,
    treated: null,
    recordKey: [],
    keyId: mapping.pii?.keyId ?? null,
    regions: mapping.pii?.regions ?? null,
    patterns: scope.mapping.project.piiPatterns ?? {},
  };
}
