/**
 * Validates a mapping file against its JSON Schema. The first error becomes one line with a hint
 * and the nearest known name; the validator's own errors are not shown.
 */

import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js';
import { Failure } from '../../outcome/failure.ts';
import { KINDS } from '../../record/type.ts';
import type { MappingDocument } from '../document.ts';
import { didYouMean } from '../../outcome/nearest.ts';
import { quoteName } from '../../outcome/quoteName.ts';
import { escapeToken, formatPlace } from '../place.ts';
import { ATTACHMENTS_SCHEMA } from '../schema/attachmentsSchema.ts';
import { KEYS_SCHEMA } from '../schema/keysSchema.ts';
import { MODULE_SCHEMA } from '../schema/moduleSchema.ts';
import { TYPE_NAME } from '../schema/names.ts';
import { PROJECT_SCHEMA } from '../schema/projectSchema.ts';
import { SECRETS_SCHEMA } from '../schema/secretsSchema.ts';
import { SMOKE_SCHEMA } from '../schema/smokeSchema.ts';

export type DocumentKind = 'project' | 'module' | 'smoke' | 'attachments' | 'keys' | 'secrets';

const SCHEMAS: Readonly<Record<DocumentKind, Readonly<Record<string, unknown>>>> = {
  project: PROJECT_SCHEMA,
  module: MODULE_SCHEMA,
  smoke: SMOKE_SCHEMA,
  attachments: ATTACHMENTS_SCHEMA,
  secrets: SECRETS_SCHEMA,
  keys: KEYS_SCHEMA,
};

/** An error, at a place relative to the document. */
interface ShapeError {
  readonly pointer: string;
  readonly part?: 'key' | 'value';
  readonly what: string;
  readonly hint: string;
}

const compiled = new Map<DocumentKind, ValidateFunction>();

/** @throws Failure MAPPING at the first place that the schema does not allow */
export function assertShape(document: MappingDocument, kind: DocumentKind): void {
  const validate = validator(kind);
  if (validate(document.value)) return;
  const [error] = validate.errors ?? [];
  const { what, hint, ...at } =
    error === undefined
      ? { pointer: '', what: 'the file does not match its schema', hint: 'see mapping/schema' }
      : shapeError(error);
  const where = formatPlace({ file: document.name, ...at }, document.text);
  throw new Failure('MAPPING', { what, where, hint });
}

/** Describes an unknown type, with the nearest kind. */
export function unknownType(type: string): { what: string; hint: string } {
  const [kind = ''] = type.split('(');
  if (KINDS.includes(kind)) {
    return {
      what: `wrong parameter in type ${quoteName(type)}`,
      hint: 'only decimal, time, timestamp and timestamptz take fraction digits, array a type',
    };
  }
  return {
    what: `unknown type ${quoteName(type)}`,
    hint: didYouMean(kind, KINDS, `use one of ${KINDS.join(', ')}`),
  };
}

function validator(kind: DocumentKind): ValidateFunction {
  const known = compiled.get(kind);
  if (known !== undefined) return known;
  // verbose: the errors carry the schema, whose titles and names the messages are made of. A test
  // validates the schema against the meta schema, which takes as long as compiling it.
  const trusted = { meta: false, validateSchema: false, code: { optimize: false } } as const;
  const ajv = new Ajv2020({ strict: true, verbose: true, addUsedSchema: false, ...trusted });
  const validate = ajv.compile(SCHEMAS[kind]);
  compiled.set(kind, validate);
  return validate;
}

function shapeError(error: ErrorObject): ShapeError {
  const pointer = error.instancePath;
  const params = error.params as Readonly<Record<string, unknown>>;
  if (error.propertyName !== undefined) return badName(pointer, error.propertyName, error);
  switch (error.keyword) {
    case 'additionalProperties':
      return unknownProperty(pointer, String(params['additionalProperty']), error);
    case 'required':
      return missingProperty(error, String(params['missingProperty']));
    case 'dependentRequired':
      return missingCompanion(pointer, params);
    case 'false schema':
      return {
        pointer,
        part: 'key',
        what: `property ${quoteName(lastToken(pointer))} does not belong to this id rule`,
        hint: 'remove it or use another rule',
      };
    case 'enum':
      return notAllowed(error, params['allowedValues']);
    case 'const':
      if (pointer === '/format') return { pointer, ...unknownFormat(params['allowedValue']) };
      return { pointer, ...expected(error) };
    case 'pattern':
      if (titleOf(error) === TYPE_NAME.title) return { pointer, ...unknownType(textOf(error)) };
      return { pointer, ...expected(error) };
    default:
      return { pointer, ...expected(error) };
  }
}

function unknownFormat(known: unknown): { what: string; hint: string } {
  return {
    what: `this version of Sealift reads mappings of format ${String(known)} only`,
    hint: 'use the version of Sealift that the mapping was written for',
  };
}

function unknownProperty(pointer: string, name: string, error: ErrorObject): ShapeError {
  const allowed = namesOf(error.parentSchema);
  return {
    pointer: `${pointer}/${escapeToken(name)}`,
    part: 'key',
    what: `unknown property ${quoteName(name)}`,
    hint: didYouMean(name, allowed, `allowed are ${allowed.join(', ')}`),
  };
}

/** A misspelt property is missing under its right name: the misspelling is reported. */
function missingProperty(error: ErrorObject, missing: string): ShapeError {
  const allowed = namesOf(error.parentSchema);
  const present = typeof error.data === 'object' ? Object.keys(error.data ?? {}) : [];
  const unknown = present.find((name) => !allowed.includes(name));
  const closed = (error.parentSchema ?? {})['additionalProperties'] === false;
  if (closed && unknown !== undefined) return unknownProperty(error.instancePath, unknown, error);
  return {
    pointer: error.instancePath,
    what: `property ${quoteName(missing)} is missing`,
    hint: 'add it',
  };
}

function missingCompanion(pointer: string, params: Readonly<Record<string, unknown>>): ShapeError {
  const [name, needed] = [String(params['property']), String(params['missingProperty'])];
  return {
    pointer: `${pointer}/${escapeToken(name)}`,
    part: 'key',
    what: `property ${quoteName(name)} needs ${quoteName(needed)} beside it`,
    hint: `add ${quoteName(needed)}`,
  };
}

function badName(pointer: string, name: string, error: ErrorObject): ShapeError {
  return {
    pointer: `${pointer}/${escapeToken(name)}`,
    part: 'key',
    what: `the name ${quoteName(name)} is not allowed here`,
    hint: `use ${titleOf(error) ?? 'another name'}`,
  };
}

function notAllowed(error: ErrorObject, values: unknown): ShapeError {
  const allowed = Array.isArray(values) ? values.map(String) : [];
  const otherwise = `use one of ${allowed.join(', ')}`;
  return {
    pointer: error.instancePath,
    what: `${quoteName(textOf(error))} is not allowed here`,
    hint: didYouMean(textOf(error), allowed, otherwise),
  };
}

const EXPECTED: Readonly<Record<string, (params: Readonly<Record<string, unknown>>) => string>> = {
  type: ({ type }) => `a value of type ${String(type)}`,
  const: ({ allowedValue }) => String(allowedValue),
  minimum: ({ limit }) => `a number not below ${String(limit)}`,
  maximum: ({ limit }) => `a number not above ${String(limit)}`,
  minItems: ({ limit }) => `at least ${String(limit)} items`,
  maxItems: ({ limit }) => `at most ${String(limit)} items`,
  minProperties: ({ limit }) => `at least ${String(limit)} members`,
  minLength: ({ limit }) => `at least ${String(limit)} characters`,
  maxLength: ({ limit }) => `at most ${String(limit)} characters`,
  uniqueItems: () => 'no item twice',
};

function expected(error: ErrorObject): { what: string; hint: string } {
  const rule = EXPECTED[error.keyword];
  const wanted = titleOf(error) ?? rule?.(error.params as Readonly<Record<string, unknown>>);
  return {
    what: `wrong value, expected ${wanted ?? 'what the schema describes'}`,
    hint: 'correct it there',
  };
}

function titleOf(error: ErrorObject): string | null {
  const title: unknown = error.parentSchema?.['title'];
  return typeof title === 'string' && error.instancePath + (error.propertyName ?? '') !== ''
    ? title
    : null;
}

function namesOf(schema: ErrorObject['parentSchema']): string[] {
  return Object.keys((schema?.['properties'] ?? {}) as object);
}

/** Returns the value if it is a text: a name or a word of the mapping, never a record's value. */
function textOf(error: ErrorObject): string {
  return typeof error.data === 'string' ? error.data : '';
}

function lastToken(pointer: string): string {
  const token = pointer.slice(pointer.lastIndexOf('/') + 1);
  return token.replaceAll('~1', '/').replaceAll('~0', '~');
}
