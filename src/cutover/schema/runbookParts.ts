/** Parts of the schema of a runbook that several of its members share. `title` completes "expected …". */

import { DURATION_PATTERN } from '../../record/duration.ts';
import { MODULE_PATTERN, type NamedSchema } from '../../mapping/schema/names.ts';

export type Schema = Readonly<Record<string, unknown>>;

export const NAME: NamedSchema = {
  title: 'a name of a-z, 0-9, "_" and "-", at most 63, that starts with a letter',
  type: 'string',
  pattern: MODULE_PATTERN,
};
export const DURATION: NamedSchema = {
  title: 'a time such as 90s, 30m, 4h or 7d',
  type: 'string',
  pattern: DURATION_PATTERN,
};
/** One comparison; groups: name, result, comparison, number, text in single or double quotes, truth value. */
export const CONDITION_PATTERN: string =
  '^(?:([A-Za-z_][\\w\\-]*)(?:\\.([A-Za-z_][\\w\\-]*))?)?\\s*(==|!=|<=|>=|<|>)\\s*' +
  `(?:(-?\\d{1,15}(?:\\.\\d{1,15})?)\\s*%?|'([^']*)'|"([^"]*)"|(true|false))$`;
export const CONDITION: NamedSchema = {
  title: 'a condition such as "verify.failed > 0"',
  type: 'string',
  pattern: CONDITION_PATTERN,
};
export const TEXT: NamedSchema = { title: 'a text', type: 'string', minLength: 1 };
const OF_SCALAR = 'a text, a number, true or false';
export const SCALAR: Schema = {
  title: OF_SCALAR,
  anyOf: ['string', 'number', 'boolean'].map((type) => ({ title: OF_SCALAR, type })),
};
export const COUNT: Schema = { type: 'integer', minimum: 0 };
export const TEXTS: Schema = { type: 'array', minItems: 1, items: TEXT };
/** The conditions of single values, by their names. */
export const VALUES: Schema = { type: 'object', minProperties: 1, additionalProperties: SCALAR };

/** Gives a schema the text that editors show. */
export function about(schema: Schema, description: string): Schema {
  return { ...schema, description };
}

/** An object without other members than these. */
export function closed(
  description: string,
  required: readonly string[],
  properties: Readonly<Record<string, Schema>>,
): Schema {
  return { description, type: 'object', additionalProperties: false, required, properties };
}

export function listOf(description: string, items: Schema): Schema {
  return { description, type: 'array', minItems: 1, items };
}

/** What a breach does. */
export const ON_BREACH: Schema = { type: 'string', enum: ['rollback', 'freeze', 'page'] };

export const ARGV: Schema = about(
  { ...TEXTS, title: 'a list of the program and its arguments' },
  'Program and arguments. No shell reads them: each is passed on as it stands.',
);
export const EXIT: Schema = {
  description: 'Verdict by exit code; a code that is not listed fails.',
  type: 'object',
  minProperties: 1,
  propertyNames: { title: 'an exit code from 0 to 255', pattern: '^[0-9]{1,3}$' },
  additionalProperties: { type: 'string', enum: ['pass', 'warn', 'fail'] },
};
export const ENVIRONMENT: Schema = about(TEXTS, 'Names of variables that the program gets.');

export const EXPECTED: Schema = about(VALUES, 'Values that are expected, by path.');
export const FILE: Schema = about(TEXT, 'Path, from the folder of the runbook.');
export const BACK: Schema = about(
  { type: 'boolean' },
  'true, in a way back: what was there before.',
);
export const URL: Schema = about(TEXT, 'Address, or a path of the application.');
export const QUERY: Schema = about(TEXT, 'One query, or the name of a file with one (*.sql).');
export const ROLE: Schema = about(NAME, 'Role of the person who decides.');
export const SET: Schema = about(SCALAR, 'The value to set.');
/** How a change is made where the application has no interface of Sealift's own: by a program or a request. */
export const ADAPTER: Readonly<Record<string, Schema>> = { run: ARGV, url: URL, env: ENVIRONMENT };
