/**
 * The form of a module's records: names, types and nullability of their fields, order, unique sets
 * and references; a member of schema.json. It leaves out source table, columns and transforms, so
 * that equal data has an equal form and an equal data root, whatever its source.
 */

import { hash } from 'node:crypto';

import { canonicalJson } from '../record/canonical.ts';
import { formatType } from '../record/type.ts';
import { BLIND_FIELD, type CompiledField, type CompiledModule } from '../mapping/compile/module.ts';
import { nestedReferences } from '../mapping/idPath.ts';
import type { ValueReference } from '../mapping/model.ts';

interface FieldForm {
  readonly type: string;
  readonly nullable: boolean;
}

export interface FormOfRecords {
  /** Field → form, the id and the blind included. */
  readonly fields: Readonly<Record<string, FieldForm>>;
  readonly order: readonly string[];
  /** Ascending by their canonical JSON. */
  readonly references: readonly ReferenceForm[];
  /** Each set ascending by name, the sets ascending by their canonical JSON. */
  readonly unique: readonly (readonly string[])[];
}

/** Fields that hold the key of a record of `module`, or the values of its fields `to`. */
interface ReferenceForm {
  readonly fields: readonly string[];
  readonly module: string;
  readonly to?: readonly string[];
  /** Whether each element of the field, or each value at `path` in it, is such an id. */
  readonly each?: true;
  readonly path?: string;
  /** Whether either all of the fields are null, or none is. */
  readonly match?: 'full';
}

/** Derives the form of a module's records from the mapping; plain data. */
export function formOfRecords(module: CompiledModule): FormOfRecords {
  const { mapping, idField, orderFields } = module;
  const fields = Object.create(null) as Record<string, FieldForm>;
  for (const field of module.fields) {
    const nullable = field.nullable && !orderFields.includes(field.name);
    fields[field.name] = { type: formatType(field.type), nullable };
  }
  if (idField !== null) fields[idField] = { type: 'uuid', nullable: false };
  if (mapping.blind !== undefined) fields[BLIND_FIELD] = { type: 'blind', nullable: false };
  const references = [
    ...module.fields.flatMap(referencesOf),
    ...(mapping.references ?? []).map(withSortedPairs),
  ];
  return {
    fields,
    order: orderFields,
    references: byText(references),
    unique: byText((mapping.unique ?? []).map((set) => [...set].sort(byUtf8))),
  };
}

/** Returns the SHA-256 of a form's canonical JSON, lower-case hex. */
export function formDigest(form: unknown): string {
  return hash('sha256', canonicalJson(form), 'hex');
}

/** Returns the references of a single field: to one record, or to several by the ids in it. */
function referencesOf({ name, mapping }: CompiledField): ReferenceForm[] {
  if ('reference' in mapping) return [{ fields: [name], module: mapping.reference }];
  return nestedReferences(mapping).map(({ module, text: path }) => {
    const fields = [name];
    return path === null ? { fields, module, each: true } : { fields, module, each: true, path };
  });
}

/** Sorts the pairs of a reference by value, whose order has no meaning. */
function withSortedPairs({ fields, module, to, match }: ValueReference): ReferenceForm {
  const pairs = fields.map((field, at) => [field, to[at] ?? ''] as const);
  pairs.sort(([a], [b]) => byUtf8(a, b));
  const form = { fields: pairs.map(([field]) => field), module, to: pairs.map(([, at]) => at) };
  return match === 'full' ? { ...form, match } : form;
}

function byText<T>(values: readonly T[]): T[] {
  const texts = values.map((value) => ({ value, text: canonicalJson(value) }));
  return texts.sort((a, b) => byUtf8(a.text, b.text)).map(({ value }) => value);
}

function byUtf8(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
