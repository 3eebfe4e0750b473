/**
 * References: every record that is referred to is there. By id or by value, simple and composite,
 * to the own module too, and in arrays and JSON. A reference of which a part is null is none.
 */

import type { CompiledModule } from '../mapping/compile.ts';
import { isReference } from '../mapping/model.ts';
import type { Finding } from '../outcome/finding.ts';
import { memberOf, type ReadRecord } from '../seal/candidateReader.ts';
import type { FieldType } from '../record/type.ts';
import { comparisonOf } from './comparable.ts';
import type { KeyHash } from './keyTable.ts';
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
  /** The field holds any number of ids, in an array or in JSON. */
  readonly nested: boolean;
}

/** All references of a module: those of its fields by name, then those by value as declared. */
export function referencesOf(scope: Scope, module: CompiledModule): Reference[] {
  const found: Reference[] = [];
  for (const { name, mapping, type } of module.fields) {
    const to = isReference(mapping) ? mapping.reference : mapping.references;
    if (to === undefined) continue;
    const fields = moduleOf(scope, to).orderFields;
    const nested = !isReference(mapping);
    // What is in JSON has no type of its own.
    const types = [nested ? ({ kind: 'json' } as const) : type];
    found.push({ fields: [name], types, target: targetOf(scope, to, fields, types), nested });
  }
  for (const { fields, module: to, to: parts } of module.mapping.references ?? []) {
    const types = fields.map((field) => typeOfField(module, field));
    found.push({ fields, types, target: targetOf(scope, to, parts, types), nested: false });
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
  if (done.size < references.length) await lookUpRecords(scope, module, references, done);
  yield* findingsOfHits(scope, module, references.map(accusationOf));
}

/** Reads the records, and looks up what they refer to. */
async function lookUpRecords(
  scope: Scope,
  module: CompiledModule,
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
        for (const [part, reference] of left) {
          for (const key of keysOf(reference, record)) {
            if (!loaded.holds(key)) continue;
            scope.looked.references += 1;
            if (tables.get(part)?.has(key) === true) continue;
            accuse(scope, module.name, { ordinal: first + index, record }, part, reference.fields);
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
    reason: nested
      ? `an id in it is of no record in module ${target.module}`
      : `it refers to a record that is not in module ${target.module}`,
  };
}

/** Hashes of the keys that a record refers to. */
function keysOf({ fields, types, target, nested }: Reference, record: ReadRecord): KeyHash[] {
  const values = fields.map((field) => memberOf(record, field));
  const referred = nested ? [...leavesOf(values[0])].map((value) => [value]) : [values];
  return referred.map((parts) => hashOf(target, parts, types)).filter((key) => key !== null);
}

/** All scalars of a JSON value but null: in a field that holds ids, each of them is one. */
function* leavesOf(value: unknown): Generator {
  if (typeof value !== 'object') yield value;
  else if (value !== null) for (const inner of Object.values(value)) yield* leavesOf(inner);
}
