/** The JSON Schema (2020-12) of a module's records, on which readers of a candidate can rely. */

import { MAX_BYTES } from '../record/convert.ts';
import { formatType, type FieldType } from '../record/type.ts';
import { BLIND_FIELD, type CompiledField, type CompiledModule } from '../mapping/compile/module.ts';
import { formOfRecords } from './formOfRecords.ts';
import { piiOf } from '../mapping/piiPolicy.ts';
import { isReference, type FieldMapping, type ValueOptions } from '../mapping/model.ts';

type Schema = Record<string, unknown>;

const UUID = '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$';
const DATE = '\\d{4}-\\d{2}-\\d{2}';
const TIME = '\\d{2}:\\d{2}:\\d{2}';

/** Makes the schema of one module; plain data, to be written canonically. */
export function recordSchema(module: CompiledModule): Schema {
  const properties: Schema = Object.create(null) as Schema;
  for (const field of module.fields) {
    const inKey = module.orderFields.includes(field.name);
    properties[field.name] = fieldSchema(module, field, inKey || !field.nullable);
  }
  if (module.idField !== null) {
    const { rule } = module.mapping.id;
    const columns = module.key.map((part) => part.column);
    properties[module.idField] = { ...schemaOf({ kind: 'uuid' }), 'x-sealift': { rule, columns } };
  }
  if (module.mapping.blind !== undefined) {
    properties[BLIND_FIELD] = { type: 'string', pattern: '^[A-Za-z0-9_-]{22}$' };
  }
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: module.name,
    type: 'object',
    properties,
    required: Object.keys(properties).sort(),
    additionalProperties: false,
    'x-sealift': {
      source: module.source,
      table: module.table,
      form: formOfRecords(module),
      ...(module.mapping.external === true ? { external: true } : {}),
    },
  };
}

function fieldSchema(module: CompiledModule, field: CompiledField, required: boolean): Schema {
  const { mapping } = field;
  // The options describe the value before its treatment.
  const isPlain = !isReference(mapping) && field.treated === null;
  const options = isPlain ? columnOptions(mapping) : {};
  const declared = isReference(mapping) ? {} : declarations(mapping);
  const pii = piiOf(module.mapping, field.name);
  return {
    ...nullable(schemaOf(field.type, options), required),
    'x-sealift': {
      ...originOf(mapping),
      type: formatType(field.type),
      ...declared,
      ...(pii === undefined ? {} : { pii: { class: pii.class, treatment: pii.treatment } }),
    },
  };
}

function originOf(mapping: FieldMapping): Schema {
  if ('reference' in mapping) return { reference: mapping.reference, columns: mapping.columns };
  if ('constant' in mapping) return { constant: mapping.constant };
  if ('combine' in mapping) return { columns: mapping.columns, combine: mapping.combine };
  return { column: mapping.column };
}

/**
 * Copies what the mapping declares of the values beyond their type. A pattern is RE2, so it is not
 * written as a `pattern` of JSON Schema, which an engine that backtracks would run.
 */
function declarations(mapping: ValueOptions): Schema {
  const { transforms, nonBlank, format, pattern, longText, copyOf, references } = mapping;
  const { harmless } = mapping;
  const all = {
    transforms,
    nonBlank,
    format,
    pattern,
    longText,
    copyOf,
    references,
    harmless,
  };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
}

function columnOptions(mapping: ValueOptions): Schema {
  return {
    ...(mapping.maxLength === undefined ? {} : { maxLength: mapping.maxLength }),
    ...(mapping.values === undefined ? {} : { enum: mapping.values }),
  };
}

function nullable(schema: Schema, required: boolean): Schema {
  if (required || schema['type'] === undefined) return schema;
  const allowed = schema['enum'] as readonly string[] | undefined;
  return {
    ...schema,
    type: [schema['type'], 'null'],
    ...(allowed === undefined ? {} : { enum: [...allowed, null] }),
  };
}

/** Makes the schema of a type; the options of an array are those of its elements. */
export function schemaOf(type: FieldType, options: Schema = {}): Schema {
  if (type.kind === 'array') {
    return { type: 'array', items: nullable(schemaOf(type.of, options), false) };
  }
  return { ...scalarSchema(type), ...options };
}

function scalarSchema(type: Exclude<FieldType, { kind: 'array' }>): Schema {
  switch (type.kind) {
    case 'string':
    case 'enum':
      return { type: 'string' };
    case 'boolean':
      return { type: 'boolean' };
    case 'integer':
      return { type: 'integer', minimum: -(2 ** 53 - 1), maximum: 2 ** 53 - 1 };
    case 'float':
      return { type: 'number' };
    case 'bytes':
      return {
        type: 'string',
        contentEncoding: 'base64',
        maxLength: Math.ceil(MAX_BYTES / 3) * 4,
      };
    case 'blob':
      return {
        type: 'object',
        properties: {
          sha256: { type: 'string', pattern: '^[0-9a-f]{64}$' },
          size: { type: 'integer', minimum: 0 },
        },
        required: ['sha256', 'size'],
        additionalProperties: false,
      };
    case 'tagged':
      return { type: 'object', minProperties: 1, maxProperties: 1 };
    case 'json':
      return {};
    default:
      return { type: 'string', pattern: patternOf(type.kind, type.digits) };
  }
}

function patternOf(kind: string, digits: number | undefined): string {
  const fraction = digits === undefined ? '(\\.\\d+)?' : digits === 0 ? '' : `\\.\\d{${digits}}`;
  switch (kind) {
    case 'uuid':
      return UUID;
    case 'date':
      return `^${DATE}$`;
    case 'time':
      return `^${TIME}${fraction}$`;
    case 'timestamp':
      return `^${DATE}T${TIME}${fraction}$`;
    case 'timestamptz':
      return `^${DATE}T${TIME}${fraction}Z$`;
    case 'bigint':
      return '^(0|-?[1-9]\\d*)$';
    default:
      return `^-?(0|[1-9]\\d*)${fraction}$`;
  }
}
