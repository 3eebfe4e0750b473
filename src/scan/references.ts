/**
 * References: every record that is referred to is there. By id or by value, simple and composite,
 * to the own module too, and in arrays and JSON. A reference of which a part is null is none; where
 * it is declared to match in full, all of its parts have to be null then.
 */

import type { CompiledModule } from '../mapping/compile/module.ts';
import { nestedReferences, valuesAt, type NestedReference } from '../mapping/idPath.ts';
import { isReference } from '../mapping/model.ts';
import type { Finding } from '../outcome/finding.ts';
import { memberOf, type ReadRecord } from '../seal/candidateReader.ts';
import type { FieldType } from '../record/type.ts';
import { comparisonOf } from './comparable.ts';
import { leavesPath, pathUse, type PathUse } from './idPaths.ts';
import type { KeyHash } from './keyTable.ts';
import { moveNear } from './nearKeys.ts';
import {
  earlierFinding,
  findingsOfHits,
  hasFailed,
  moduleOf,
  recordsOf,
  type Accusation,
  type ScannedRecord,
  type Scope,
} from './scope.ts';
import { hashOf, loadTargets, typeOfField, type Target } from './targets.ts';

export interface Reference {
  readonly fields: readonly string[];
  readonly types: readonly FieldType[];
  readonly target: Target;
  /** Where in the field's array or JSON any number of ids stand. */
  readonly nested: NestedReference | null;
  /** Either all of its parts are null, or none is. */
  readonly full: boolean;
}

/** All references of a module: those of its fields by name, then those by value as declared. */
export function referencesOf(scope: Scope, module: CompiledModule): Reference[] {
  const found: Reference[] = [];
  for (const { name, mapping, type } of module.fields) {
    const idsOf = (to: string, nested: NestedReference | null): void => {
      const { orderFields } = moduleOf(scope, to);
      // What is in JSON has no type of its own.
      const types = [nested === null ? type : ({ kind: 'json' } as const)];
      const target = targetOf(scope, to, orderFields, types);
      found.push({ fields: [name], types, target, nested, full: false });
    };
    if (isReference(mapping)) idsOf(mapping.reference, null);
    for (const nested of nestedReferences(mapping)) idsOf(nested.module, nested);
  }
  for (const { fields, module: to, to: parts, match } of module.mapping.references ?? []) {
    const types = fields.map((field) => typeOfField(module, field));
    const target = targetOf(scope, to, parts, types);
    found.push({ fields, types, target, nested: null, full: match === 'full' });
  }
  return found;
}

function targetOf(
  scope: Scope,
  name: string,
  fields: readonly string[],
  types: readonly FieldType[],
): Target {
  const parent = moduleOf(scope, name);
  const others = fields.map((field) => typeOfField(parent, field));
  return { module: name, fields, comparison: comparisonOf(types, others), keep: 'nothing' };
}

/** Findings `reference` of a module's records; those of the references in `done` are hits already. */
export async function* checkReferences(
  scope: Scope,
  module: CompiledModule,
  done: ReadonlySet<number>,
): AsyncGenerator<Finding> {
  const references = referencesOf(scope, module);
  if (references.length === 0) return;
  const paths = pathUse(scope, module);
  if (done.size < references.length)
    await lookUpRecords({ scope, module, paths }, references, done);
  const partial = references.map(({ fields }) => ({
    rule: 'reference-partial' as const,
    fields,
    reason: 'some fields of the reference are null',
  }));
  const near = references.map((reference) => {
    const { rule, fields, reason } = accusationOf(reference);
    return { rule, fields, reason: `${reason}, ${NEAR}` };
  });
  await moveNear(scope, module, references, 2 * references.length);
  const early = references.map((reference) => paths.accusation(reference));
  yield* findingsOfHits(scope, module, [
    ...references.map(accusationOf),
    ...partial,
    ...near,
    ...early,
  ]);
  yield* paths.findings();
}

const NEAR =
  'where a key differs in nothing but case and blanks: make both alike with transforms, or use onMissing';

interface LookUp {
  readonly scope: Scope;
  readonly module: CompiledModule;
  readonly paths: PathUse;
}

/** Reads the records, and looks up what they refer to. */
async function lookUpRecords(
  { scope, module, paths }: LookUp,
  references: readonly Reference[],
  done: ReadonlySet<number>,
): Promise<void> {
  const left = [...references.entries()].filter(([part]) => !done.has(part));
  const targets = left.map(([, { target }]) => target);
  for await (const loaded of loadTargets(scope, targets)) {
    const tables = new Map(left.map(([part, { target }]) => [part, loaded.table(target)]));
    for await (const { first, records } of recordsOf(scope, module.name, 'references')) {
      for (const [index, record] of records.entries()) {
        if (record === null) continue;
        const scanned = { ordinal: first + index, record };
        for (const [part, reference] of left) {
          if (isPartial(reference, record)) {
            accuse(scope, module.name, scanned, references.length + part, reference.fields);
          }
          paths.note(reference, record);
          if (leavesPath(reference, record)) {
            accuse(scope, module.name, scanned, 3 * references.length + part, reference.fields);
          }
          for (const key of keysOf(reference, record)) {
            if (!loaded.holds(key)) continue;
            scope.looked.references += 1;
            if (tables.get(part)?.has(key) === true) continue;
            accuse(scope, module.name, scanned, part, reference.fields);
          }
        }
      }
    }
  }
}

/** A cell that was found to be odd may be why no record has its value. */
function accuse(
  scope: Scope,
  module: string,
  scanned: ScannedRecord,
  part: number,
  fields: readonly string[],
): void {
  if (hasFailed(scope, module, scanned, fields)) return;
  const { ordinal } = scanned;
  scope.hits.add(ordinal, part, earlierFinding(scope, module, ordinal, fields));
}

function accusationOf({ fields, target, nested }: Reference): Accusation {
  return {
    rule: 'reference',
    fields,
    reason:
      nested !== null
        ? `an id in it is of no record in module ${target.module}`
        : `it refers to a record that is not in module ${target.module}`,
  };
}

/** Whether some of its parts are null and others are not, where that is a mistake. */
function isPartial({ fields, full }: Reference, record: ReadRecord): boolean {
  if (!full) return false;
  const nulls = fields.filter((field) => memberOf(record, field) === null).length;
  return nulls > 0 && nulls < fields.length;
}

/** Hashes of the keys that a record refers to. */
function keysOf({ fields, types, target, nested }: Reference, record: ReadRecord): KeyHash[] {
  const values = fields.map((field) => memberOf(record, field));
  const referred =
    nested === null ? [values] : [...valuesAt(values[0], nested.path)].map((value) => [value]);
  return referred.map((parts) => hashOf(target, parts, types)).filter((key) => key !== null);
}
