/**
 * The table of a module, as its sealed schema.json states it: columns, key, unique sets and references,
 * independent of the kind of target. Pure.
 */

import { parseType, type FieldType } from '../record/type.ts';

export interface ColumnForm {
  /** Name of the field. */
  readonly name: string;
  readonly type: FieldType;
  readonly nullable: boolean;
  /** Values of an enum, or of the elements of an array of one; null if it is neither. */
  readonly values: readonly string[] | null;
  /** Characters (code points) of a string, or of the elements of an array of strings; null for any. */
  readonly maxLength: number | null;
}

/** Fields that hold the values of the fields `to` of a record of `module`. */
export interface ReferenceForm {
  readonly fields: readonly string[];
  readonly module: string;
  readonly to: readonly string[];
  /** Whether either all of the fields are null, or none is. */
  readonly full: boolean;
}

export interface TableForm {
  readonly module: string;
  /** Records in the seal. */
  readonly count: number;
  /** Whether its records are in another system already, so that only their ids are sealed. */
  readonly external: boolean;
  /** Members of a record that are not loaded. */
  readonly unwritten: readonly string[];
  /** Ascending by name. */
  readonly columns: readonly ColumnForm[];
  /** Names of the fields that order the records, which are unique together. */
  readonly key: readonly string[];
  readonly unique: readonly (readonly string[])[];
  readonly references: readonly ReferenceForm[];
  /** References that no foreign key can express: ids in arrays, or to values that need not be unique. */
  readonly unenforced: readonly string[];
}

/** A module's schema.json, and the number of its records. */
export interface SealedForm {
  readonly module: string;
  readonly count: number;
  readonly schema: unknown;
}

/** Name of the member that keeps a leaf from being guessed; it is not loaded. */
const BLIND = '~';

interface Form {
  readonly fields: Readonly<Record<string, { readonly type: string; readonly nullable: boolean }>>;
  readonly order: readonly string[];
  readonly unique: readonly (readonly string[])[];
  readonly references: readonly {
    readonly fields: readonly string[];
    readonly module: string;
    readonly to?: readonly string[];
    readonly each?: true;
    readonly match?: 'full';
  }[];
}

interface Schema {
  readonly properties: Readonly<Record<string, Property>>;
  readonly 'x-sealift': { readonly form: Form; readonly external?: true };
}

interface Property {
  readonly enum?: readonly (string | null)[];
  readonly maxLength?: number;
  readonly items?: Property;
}

/** Derives the tables of all modules, in their order. @throws TypeError if a schema was not verified */
export function tableForms(sealed: readonly SealedForm[]): TableForm[] {
  const schemas = new Map(sealed.map(({ module, schema }) => [module, schema as Schema]));
  const forms = new Map([...schemas].map(([module, schema]) => [module, schema['x-sealift'].form]));
  return sealed.map(({ module, count }) => {
    const schema = schemas.get(module);
    if (schema === undefined) throw new TypeError(`no schema of ${module}`);
    const { form, external } = schema['x-sealift'];
    const { references, unenforced } = referencesOf(form, forms);
    return {
      module,
      count,
      external: external === true,
      unwritten: Object.keys(form.fields).filter((name) => name === BLIND),
      columns: columnsOf(schema),
      key: form.order,
      unique: form.unique.filter((set) => !isSameSet(set, form.order)),
      references,
      unenforced,
    };
  });
}

function columnsOf({ properties, 'x-sealift': { form } }: Schema): ColumnForm[] {
  const names = Object.keys(form.fields).filter((name) => name !== BLIND);
  return names.toSorted(byUtf8).map((name) => {
    const field = form.fields[name];
    const type = parseType(field?.type ?? '');
    if (field === undefined || type === null) throw new TypeError(`field ${name} has no type`);
    const property = innermost(properties[name] ?? {});
    const values = property.enum?.filter((value) => value !== null) ?? null;
    const isText = innermostType(type).kind === 'string';
    const maxLength = isText ? (property.maxLength ?? null) : null;
    return { name, type, nullable: field.nullable, values, maxLength };
  });
}

function innermost(property: Property): Property {
  return property.items === undefined ? property : innermost(property.items);
}

/** Returns the type of the elements of an array, however it is nested; a scalar type as it is. */
export function innermostType(type: FieldType): Exclude<FieldType, { readonly kind: 'array' }> {
  return type.kind === 'array' ? innermostType(type.of) : type;
}

/** Splits references into those that a foreign key can express, and the others as sentences. */
function referencesOf(
  form: Form,
  forms: ReadonlyMap<string, Form>,
): { references: ReferenceForm[]; unenforced: string[] } {
  const references: ReferenceForm[] = [];
  const unenforced: string[] = [];
  for (const { fields, module, to, each, match } of form.references) {
    const target = forms.get(module);
    const columns = to ?? target?.order ?? [];
    const about = `${fields.join(', ')} → ${module}`;
    if (each === true) unenforced.push(`${about}: the ids are inside of the field`);
    else if (target === undefined || columns.length !== fields.length) {
      unenforced.push(`${about}: the module has no such key`);
    } else if (![target.order, ...target.unique].some((set) => isSameSet(set, columns))) {
      unenforced.push(`${about}: ${columns.join(', ')} are not declared unique there`);
    } else if (!fields.every((name, at) => isSameType(form, name, target, columns[at] ?? ''))) {
      unenforced.push(`${about}: the types differ`);
    } else references.push({ fields, module, to: columns, full: match === 'full' });
  }
  return { references, unenforced };
}

function isSameType(form: Form, name: string, target: Form, other: string): boolean {
  return form.fields[name]?.type === target.fields[other]?.type;
}

function isSameSet(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((name) => other.includes(name));
}

function byUtf8(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
