/**
 * Copies: a field that repeats one of another record, which a reference leads to, still agrees with
 * it. Where there is no such record, or its cell failed, there is nothing to compare with.
 */

import type { CompiledField, CompiledModule } from '../mapping/compile/module.ts';
import { isReference } from '../mapping/model.ts';
import type { Finding } from '../outcome/finding.ts';
import type { FieldType } from '../record/type.ts';
import { memberOf } from '../seal/candidateReader.ts';
import { comparisonOf, type Comparison } from './comparable.ts';
import type { KeyHash } from './keyTable.ts';
import { referencesOf, type Reference } from './references.ts';
import {
  earlierFinding,
  findingsOfHits,
  hasFailed,
  moduleOf,
  recordsOf,
  type ScannedRecord,
  type Scope,
} from './scope.ts';
import { hashOf, loadTargets, typeOfField, valueHash, type Target } from './targets.ts';

interface Copy {
  readonly field: string;
  readonly original: string;
  readonly type: FieldType;
  readonly comparison: Comparison;
  readonly via: Reference;
  readonly target: Target;
}

/** Findings `copy` of a module's records. */
export async function* checkCopies(scope: Scope, module: CompiledModule): AsyncGenerator<Finding> {
  const references = referencesOf(scope, module);
  const copies = module.fields.flatMap((field) => copyOf(scope, references, field));
  if (copies.length === 0) return;
  const targets = copies.map(({ target }) => target);
  for await (const loaded of loadTargets(scope, targets)) {
    for await (const { first, records } of recordsOf(scope, module.name, 'copies')) {
      for (const [index, record] of records.entries()) {
        if (record === null) continue;
        for (const [part, copy] of copies.entries()) {
          const { via, field, type, comparison, target } = copy;
          const values = via.fields.map((name) => memberOf(record, name));
          const key = hashOf(target, values, via.types);
          if (key === null || !loaded.holds(key)) continue;
          const originals = loaded.table(target).payloads(key);
          const own = valueHash(memberOf(record, field), type, comparison);
          if (agrees(own, originals)) continue;
          accuse(scope, module.name, { ordinal: first + index, record }, { part, copy, originals });
        }
      }
    }
  }
  const accusations = copies.map(({ field, original, target }) => ({
    rule: 'copy' as const,
    fields: [field],
    reason: `it is not what field ${JSON.stringify(original)} of module ${target.module} holds`,
  }));
  yield* findingsOfHits(scope, module, accusations);
}

/** Where the copy or the original was found to be odd, that is why they differ. */
function accuse(
  scope: Scope,
  module: string,
  scanned: ScannedRecord,
  found: {
    readonly part: number;
    readonly copy: Copy;
    readonly originals: readonly (readonly number[])[];
  },
): void {
  const { part, copy, originals } = found;
  if (hasFailed(scope, module, scanned, [copy.field])) return;
  const { ordinal } = scanned;
  const parent = originals[0]?.[4] ?? -1;
  const because =
    earlierFinding(scope, module, ordinal, [copy.field]) ??
    earlierFinding(scope, copy.target.module, parent, [copy.original]);
  scope.hits.add(ordinal, part, because);
}

function copyOf(scope: Scope, references: readonly Reference[], field: CompiledField): Copy[] {
  const { name, mapping, type } = field;
  if (isReference(mapping) || mapping.copyOf === undefined) return [];
  const { via: viaField, field: original } = mapping.copyOf;
  const via = references.find(
    ({ fields, nested }) => fields.join() === viaField && nested === null,
  );
  if (via === undefined) throw new TypeError(`${viaField} is no reference`);
  const parent = moduleOf(scope, via.target.module);
  const comparison = comparisonOf([type], [typeOfField(parent, original)]);
  const target = { ...via.target, keep: { field: original, comparison } };
  return [{ field: name, original, type, comparison, via, target }];
}

/** True also where there is no original, or one that is not known (its first word is 0). */
function agrees(own: KeyHash, originals: readonly (readonly number[])[]): boolean {
  if (originals.length === 0) return true;
  return originals.some((words) => words[0] === 0 || own.every((word, at) => word === words[at]));
}
