/**
 * A JSON Schema (2020-12) that a user gives. It is data: it is validated, its patterns run in an engine of
 * linear time, and it refers to nothing outside of itself.
 */

import { Ajv2020 } from 'ajv/dist/2020.js';

import { searchFor } from '../compile/pattern.ts';

/** Returns the JSON pointer to the first value that a schema does not allow; null for a value that matches. */
export type GivenCheck = (value: unknown) => string | null;

/** Compiles a schema; null if it is none. */
export function compileGiven(schema: unknown): GivenCheck | null {
  const options = { strict: false, logger: false, validateFormats: false } as const;
  const ajv = new Ajv2020({ ...options, addUsedSchema: false, code: { regExp: linear } });
  try {
    const validate = ajv.compile(schema as object);
    if ('$async' in validate) return null;
    return (value) => (validate(value) ? null : (validate.errors?.[0]?.instancePath ?? ''));
  } catch {
    return null;
  }
}

/** As the validator needs it: it tells patterns apart by their text. */
const linear = Object.assign(
  (
    pattern: string,
  ): { readonly test: (text: string) => boolean; readonly toString: () => string } => {
    const test = searchFor(pattern);
    if (test === null) throw new TypeError('a pattern that is not RE2');
    return { test, toString: () => pattern };
  },
  { code: 'linear' },
);
