/**
 * Validates a value against a JSON Schema. The first error becomes a clause with a hint and the nearest
 * known name; the validator's own errors are not shown.
 */

import { Ajv2020, type ErrorObject } from 'ajv/dist/2020.js';

import { didYouMean } from '../../outcome/nearest.ts';
import { quoteName } from '../../outcome/quoteName.ts';
import { KINDS } from '../../record/type.ts';
import { escapeToken } from '../place.ts';
import { TYPE_NAME } from '../schema/names.ts';

/** An error, at a place relative to the document. */
export interface ShapeError {
  readonly pointer: string;
  readonly part?: 'key' | 'value';
  readonly what: string;
  readonly hint: string;
}

/** Returns the first place that the schema does not allow; null for a value that matches. */
export type ShapeCheck = (value: unknown) => ShapeError | null;

/** Compiles a schema, which a test has validated against the meta schema. */
export function compileShape(schema: Readonly<Record<string, unknown>>): ShapeCheck {
  // verbose: the errors carry the schema, whose titles and names the messages are made of. To
  // validate the schema takes as long as to compile it.
  const trusted = { meta: false, validateSchema: false, code: { optimize: false } } as const;
  const ajv = new Ajv2020({ strict: true, verbose: true, addUsedSchema: false, ...trusted });
  const validate = ajv.compile(schema);
  return (value) => {
    if (validate(value)) return null;
    const [error] = validate.errors ?? [];
    if (error !== undefined) return shapeError(error);
    return { pointer: '', what: 'the file does not match its schema', hint: 'see mapping/schema' };
  };
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

/** Longer lists of allowed values are left to the schema. */
const MOST_NAMED = 20;

function notAllowed(error: ErrorObject, values: unknown): ShapeError {
  const allowed = Array.isArray(values) ? values.map(String) : [];
  const otherwise =
    allowed.length > MOST_NAMED ? 'see its schema' : `use one of ${allowed.join(', ')}`;
  return {
    pointer: error.instancePath,
    what: `${quoteName(textOf(error))} is not allowed here`,
    hint: didYouMean(textOf(error), allowed, otherwise),
  };
}

const TYPES: Readonly<Record<string, string>> = {
  array: 'a list',
  object: 'an object with members',
  string: 'a text',
  boolean: 'true or false',
  integer: 'a whole number',
  number: 'a number',
};

const EXPECTED: Readonly<Record<string, (params: Readonly<Record<string, unknown>>) => string>> = {
  type: ({ type }) => TYPES[String(type)] ?? `a value of type ${String(type)}`,
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
