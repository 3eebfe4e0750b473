/**
 * The form of a module's records: names, types and nullability of their fields, order, unique sets and
 * references. It is read from schema.json, without what that file says of the source, so that equal
 * data has an equal form, and with it an equal data root, whatever source it came from.
 */

import { hash } from 'node:crypto';

import { canonicalJson } from '../record/canonical.ts';
import { byUtf8 } from './format.ts';

export interface FieldForm {
  readonly type: string;
  readonly nullable: boolean;
}

export interface FormOfRecords {
  readonly fields: Readonly<Record<string, FieldForm>>;
  readonly order: readonly string[];
  /** Each as an object, ascending by its canonical JSON. */
  readonly references: readonly Readonly<Record<string, unknown>>[];
  /** Each set ascending by name, the sets ascending by their canonical JSON. */
  readonly unique: readonly (readonly string[])[];
}

/**
 * The form that a schema.json states.
 * @param schema parsed, of anybody's making
 * @returns null where it is no schema of format 1
 */
export function formOfRecords(schema: unknown): FormOfRecords | null {
  const properties = memberOf(schema, 'properties');
  const about = memberOf(schema, 'x-sealift');
  const order = textsOf(memberOf(about, 'order'));
  const unique = listOf(memberOf(about, 'unique')).map(textsOf);
  if (typeof properties !== 'object' || properties === null || order === null) return null;
  const fields = Object.create(null) as Record<string, FieldForm>;
  const references = [...listOf(memberOf(about, 'references')).map(valueReference)];
  for (const [name, property] of Object.entries(properties)) {
    const field = memberOf(property, 'x-sealift');
    const [type, nullable] = [memberOf(field, 'type'), memberOf(field, 'nullable')];
    if (typeof type !== 'string' || typeof nullable !== 'boolean') return null;
    fields[name] = { type, nullable };
    references.push(...referencesOf(name, field));
  }
  if (unique.includes(null) || references.includes(null)) return null;
  return {
    fields,
    order,
    references: byText(references.filter((one) => one !== null)),
    unique: byText(unique.filter((set) => set !== null).map((set) => [...set].sort(byUtf8))),
  };
}

/** SHA-256 of the form's canonical JSON, lower-case hex; null where there is no form. */
export function formDigest(schema: unknown): string | null {
  const form = formOfRecords(schema);
  return form === null ? null : hash('sha256', canonicalJson(form), 'hex');
}

/** What a field itself refers to: a record of a module, or several by the ids that it holds. */
function referencesOf(field: string, about: unknown): Record<string, unknown>[] {
  const [to, each] = [memberOf(about, 'reference'), memberOf(about, 'references')];
  return [
    ...(typeof to === 'string' ? [{ fields: [field], module: to }] : []),
    ...(each === undefined ? [] : [{ fields: [field], each }]),
  ];
}

/** A reference by value; its pairs of fields have no order. */
function valueReference(value: unknown): Record<string, unknown> | null {
  const [fields, to] = [textsOf(memberOf(value, 'fields')), textsOf(memberOf(value, 'to'))];
  if (fields === null || to === null || typeof value !== 'object') return null;
  const pairs = fields.map((field, at) => [field, to[at] ?? ''] as const);
  pairs.sort(([a], [b]) => byUtf8(a, b));
  return { ...value, fields: pairs.map(([field]) => field), to: pairs.map(([, at]) => at) };
}

function byText<T>(values: readonly T[]): T[] {
  const texts = values.map((value) => ({ value, text: canonicalJson(value) }));
  return texts.sort((a, b) => byUtf8(a.text, b.text)).map(({ value }) => value);
}

function memberOf(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
  return Reflect.get(value, name);
}

function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

function textsOf(value: unknown): string[] | null {
  if (!Array.isArray(value)) return null;
  return value.every((item) => typeof item === 'string') ? value : null;
}
