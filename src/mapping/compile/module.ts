/**
 * Compiles a module's mapping for a run: the columns to read, the fields and order of its records,
 * and a mapper for rows. The mapping must have been checked.
 */

import { REJECTION_RULES } from '../../record/converted.ts';
import type { FieldType } from '../../record/type.ts';
import { formatType, parseType } from '../../record/type.ts';
import {
  columnsOfField,
  DEFAULT_ID_FIELD,
  DEFAULT_SOURCE,
  findModule,
  isReference,
  relationOf,
  type BaseTable,
  type ColumnField,
  type FieldMapping,
  type KeyPart,
  type KeyTransform,
  type Mapping,
  type ModuleMapping,
  type ProjectMapping,
} from '../model.ts';
import { piiOf } from '../piiPolicy.ts';
import { severityOf } from '../severity.ts';
import type { TreatedField } from '../../treatment/treatment.ts';

/** The member that keeps a leaf from being guessed. */
export const BLIND_FIELD = '~';

export interface CompiledField {
  readonly name: string;
  readonly mapping: FieldMapping;
  /** Of the value in a record: text where it is treated, whatever its type in the mapping. */
  readonly type: FieldType;
  /** How its value is stored as personal data; null if as it is. */
  readonly treated: TreatedField | null;
  /** Whether a record may hold null: it is not required, or the project lets failed cells pass. */
  readonly nullable: boolean;
}

export interface CompiledKeyPart {
  readonly column: string;
  readonly type: FieldType;
  readonly transforms?: readonly KeyTransform[] | undefined;
}

export interface CompiledModule {
  readonly name: string;
  readonly mapping: ModuleMapping;
  readonly source: string;
  /** The table, or the name of the query. */
  readonly table: string;
  /** The table whose rows a query or view accounts for. */
  readonly base: BaseTable | null;
  /** Columns to read, each once. */
  readonly columns: readonly string[];
  /** Columns whose numbers are read with their digits as written. */
  readonly asWritten: readonly string[];
  /** Mapped fields, ascending by name (UTF-16 code units, as RFC 8785 §3.2.3 sorts members). */
  readonly fields: readonly CompiledField[];
  readonly key: readonly CompiledKeyPart[];
  /** The field with the target id; null if the legacy key is kept. */
  readonly idField: string | null;
  /** Fields that order the records, with their types. */
  readonly orderFields: readonly string[];
  readonly orderTypes: readonly FieldType[];
  /** Whether lineage.ndjson links target ids to legacy keys. */
  readonly hasLineage: boolean;
  readonly minimumRows: number;
}

/** Compiles one module. Throws a TypeError if the mapping was not checked before. */
export function compileModule(mapping: Mapping, name: string): CompiledModule {
  const module = moduleNamed(mapping, name);
  const key = compileKey(module.key);
  const fields = Object.entries(module.fields)
    .map(([field, of]) => ({
      name: field,
      mapping: of,
      type: treatedField(module, field) === null ? typeOfField(mapping, of) : STORED,
      treated: treatedField(module, field),
      nullable: of.required !== true || letsNullPass(mapping.project, name, field),
    }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  const { rule } = module.id;
  const idField = rule === 'keep' ? null : (module.id.field ?? DEFAULT_ID_FIELD);
  return {
    name,
    mapping: module,
    source: module.source.name ?? DEFAULT_SOURCE,
    table: relationOf(module),
    base: module.source.base ?? null,
    columns: columnsOf(module),
    asWritten: asWritten(module, fields),
    fields,
    key,
    idField,
    orderFields: idField === null ? key.map((part) => fieldOfKeyPart(fields, part)) : [idField],
    orderTypes: idField === null ? key.map((part) => part.type) : [{ kind: 'uuid' }],
    hasLineage: rule === 'uuid' || rule === 'registry',
    minimumRows: module.minimumRows ?? 1,
  };
}

/** The type of every treated value. */
const STORED: FieldType = { kind: 'string' };

function treatedField(module: ModuleMapping, field: string): TreatedField | null {
  const declared = piiOf(module, field);
  if (declared === undefined) return null;
  const { treatment, class: of, to, mask } = declared;
  if (treatment === 'plain' || treatment === 'dropped') return null;
  const { keyId, regions } = module.pii ?? {};
  return {
    module: module.module,
    field,
    class: of,
    treatment,
    ...(keyId === undefined ? {} : { keyId }),
    ...(regions === undefined ? {} : { regions }),
    ...(to === undefined ? {} : { to }),
    ...(mask === undefined ? {} : { mask }),
  };
}

/** Whether a rule that empties a cell is lowered for this field, so that its row is kept. */
function letsNullPass(project: ProjectMapping, module: string, field: string): boolean {
  return REJECTION_RULES.some((rule) => severityOf(project, rule, module, field) !== 'BLOCKER');
}

export function moduleNamed(mapping: Mapping, name: string): ModuleMapping {
  const module = findModule(mapping, name);
  if (module === undefined) throw new TypeError(`no module ${name}`);
  return module;
}

export function compileKey(key: readonly KeyPart[]): CompiledKeyPart[] {
  return key.map(({ column, type, transforms }) => ({
    column,
    type: requireType(type),
    transforms,
  }));
}

function requireType(text: string): FieldType {
  const type = parseType(text);
  if (type === null) throw new TypeError('unknown type');
  return type;
}

/** Returns the type that a field's cells are converted to, before any treatment. */
export function cellType({ mapping, type, treated }: CompiledField): FieldType {
  return treated === null || isReference(mapping) ? type : requireType(mapping.type);
}

/** Returns the type of a field; a reference has the type of the id that it points to. */
function typeOfField(mapping: Mapping, field: FieldMapping): FieldType {
  if (!isReference(field)) return requireType(field.type);
  const parent = moduleNamed(mapping, field.reference);
  if (parent.id.rule !== 'keep') return { kind: 'uuid' };
  return requireType(parent.key[0]?.type ?? '');
}

function columnsOf(module: ModuleMapping): string[] {
  const columns = new Set(module.key.map((part) => part.column));
  for (const field of Object.values(module.fields)) {
    for (const column of columnsOfField(field)) columns.add(column);
  }
  for (const { column } of module.where ?? []) columns.add(column);
  return [...columns];
}

/**
 * Lists the columns of decimal fields that keep their digits as written, unless others read the
 * number.
 */
function asWritten(module: ModuleMapping, fields: readonly CompiledField[]): string[] {
  const numbers = [...module.key, ...(module.where ?? [])].map(({ column }) => column);
  const found: string[] = [];
  for (const field of fields) {
    const { mapping } = field;
    const kept =
      isPlainDecimal(cellType(field)) && 'column' in mapping && mapping.transforms === undefined;
    (kept ? found : numbers).push(...columnsOfField(mapping));
  }
  return [...new Set(found)].filter((column) => !numbers.includes(column));
}

function isPlainDecimal(type: FieldType): boolean {
  if (type.kind === 'array') return isPlainDecimal(type.of);
  return type.kind === 'decimal' && type.digits === undefined;
}

function fieldOfKeyPart(fields: readonly CompiledField[], part: CompiledKeyPart): string {
  const field = fields.find(
    ({ mapping, type }) =>
      'column' in mapping &&
      mapping.column === part.column &&
      sameTransforms(mapping, part) &&
      formatType(type) === formatType(part.type),
  );
  if (field === undefined) throw new TypeError(`no field holds key column ${part.column}`);
  return field.name;
}

/** Whether a field and a part of the key transform a cell's text alike. */
export function sameTransforms(
  field: Pick<ColumnField, 'transforms'>,
  part: Pick<CompiledKeyPart, 'transforms'>,
): boolean {
  return JSON.stringify(field.transforms) === JSON.stringify(part.transforms);
}
