/**
 * Decides whether a line is the canonical JSON of a record that its schema allows, with a JSON
 * parser, the canonical form and a JSON Schema validator (ajv), one after the other.
 */

import { constants } from 'node:buffer';

import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';

import { canonicalJson, NotCanonicalError } from '../record/canonical.ts';
import { decodeUtf8 } from '../record/jsonText.ts';
import { isTooDeep } from '../record/nesting.ts';
import type { LineSchema } from './linePattern.ts';

/** Fault of a line. */
export type FormFault =
  /** The line is not a JSON object in UTF-8. */
  | { readonly kind: 'no-record' }
  /** The line is a record, but not in canonical form. */
  | { readonly kind: 'not-canonical' }
  /** The schema does not allow it. `fields` ascend; empty if it is about the record as a whole. */
  | { readonly kind: 'schema'; readonly fields: readonly string[] };

/** Returns the faults of a line, given without its LF. */
export type RecordForm = (line: Buffer) => readonly FormFault[];

/** Makes a {@link RecordForm} for a schema as made by recordSchema.ts. */
export function recordForm(schema: LineSchema): RecordForm {
  const validate = validatorOf(schema);
  return (line) => {
    const text = line.length > constants.MAX_STRING_LENGTH ? null : decodeUtf8(line);
    const record = text === null ? null : parsed(text);
    if (record === null) return [{ kind: 'no-record' }];
    const faults: FormFault[] = isCanonical(record, text) ? [] : [{ kind: 'not-canonical' }];
    if (!validate(record)) faults.push({ kind: 'schema', fields: fieldsOf(validate) });
    return faults;
  };
}

function validatorOf(schema: LineSchema): ValidateFunction {
  const ajv = new Ajv2020({ strict: true, allowUnionTypes: true, allErrors: true, logger: false });
  ajv.addKeyword('x-sealift');
  return ajv.compile(schema);
}

function parsed(text: string): object | null {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return null;
    return isTooDeep(value, text) ? null : value;
  } catch {
    return null;
  }
}

/** Returns whether bytes are a JSON value in canonical form. */
export function isCanonicalJson(bytes: Buffer): boolean {
  const text = decodeUtf8(bytes);
  try {
    return text !== null && isCanonical(JSON.parse(text), text);
  } catch (error) {
    if (error instanceof SyntaxError) return false;
    throw error;
  }
}

function isCanonical(value: unknown, text: string | null): boolean {
  try {
    return canonicalJson(value) === text;
  } catch (error) {
    if (error instanceof NotCanonicalError) return false;
    throw error;
  }
}

/** Returns the members that the errors are about, each once. */
function fieldsOf({ errors }: ValidateFunction): string[] {
  const fields = (errors ?? []).map(({ instancePath, params }) => {
    const [, token = ''] = instancePath.split('/');
    const { missingProperty } = params as { readonly missingProperty?: unknown };
    if (token === '' && typeof missingProperty === 'string') return missingProperty;
    return token.replaceAll('~1', '/').replaceAll('~0', '~');
  });
  return [...new Set(fields)].filter((field) => field !== '').sort();
}
