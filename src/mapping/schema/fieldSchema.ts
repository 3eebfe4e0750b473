/**
 * JSON Schema (2020-12) of a field of a module: of a column, of several, constant, or a reference.
 */

import { FORMATS } from '../../record/namedFormat.ts';
import { COLUMN_NAME, FIELD_NAME, MATCH, MODULE_NAME, TYPE_NAME } from './names.ts';
import { TRANSFORM } from './transformSchema.ts';

const REQUIRED = {
  description: 'true: null is rejected.',
  type: 'boolean',
};

const ON_MISSING = {
  description:
    'Handling of a key that no row has: block (if left out) reports the missing record, ' +
    'null makes the reference null, with a finding.',
  type: 'string',
  enum: ['block', 'null'],
};

/** Options of a field's value, whatever its origin. */
const VALUE: Readonly<Record<string, unknown>> = {
  type: TYPE_NAME,
  required: REQUIRED,
  maxLength: {
    description: 'Most characters (Unicode code points) of a string.',
    type: 'integer',
    minimum: 0,
    maximum: Number.MAX_SAFE_INTEGER,
  },
  values: {
    description: 'The values of an enum.',
    type: 'array',
    minItems: 1,
    uniqueItems: true,
    items: { description: 'A value.', type: 'string' },
  },
  zone: {
    description:
      'IANA zone of local times of the source, such as "Europe/Zurich"; for timestamptz only.',
    title: 'an IANA zone such as "Europe/Zurich"',
    type: 'string',
    pattern: '^[A-Za-z][A-Za-z0-9_+/-]*$',
  },
  encoding: {
    description: 'Encoding of bytes in text, for a source that has no bytes of its own.',
    type: 'string',
    enum: ['base64', 'hex'],
  },
  transforms: {
    description: 'Steps from the cell to the value, in order, before the type; see docs.',
    type: 'array',
    minItems: 1,
    maxItems: 100,
    items: TRANSFORM,
  },
  nonBlank: { description: 'true: text of whitespace alone is rejected.', type: 'boolean' },
  format: {
    description: 'A known form of text, checked after the type; the value is kept.',
    type: 'string',
    enum: Object.keys(FORMATS),
  },
  pattern: {
    description: 'RE2 syntax; the whole text must match.',
    title: 'a pattern of 1 to 1000 characters',
    type: 'string',
    minLength: 1,
    maxLength: 1000,
  },
  longText: {
    description: 'Text of this many characters (code points) or more is reported, but kept.',
    type: 'integer',
    minimum: 1,
    maximum: Number.MAX_SAFE_INTEGER,
  },
  copyOf: {
    description: "The field is a copy of another module's field.",
    type: 'object',
    additionalProperties: false,
    required: ['via', 'field'],
    properties: {
      via: { ...FIELD_NAME, description: 'Field of this module that refers to the record.' },
      field: { ...FIELD_NAME, description: 'Field of that record.' },
    },
  },
  references: {
    description: 'Module that the ids in an array or in JSON refer to, or ids by their paths.',
    if: { type: 'array' },
    // oxlint-disable-next-line unicorn/no-thenable -- a keyword of JSON Schema
    then: {
      type: 'array',
      minItems: 1,
      items: {
        description: 'Ids at one place.',
        type: 'object',
        additionalProperties: false,
        required: ['path', 'module'],
        properties: {
          path: {
            description: 'JSON pointer to the ids; * means each element or member.',
            title: 'a JSON pointer such as "/items/*/dogId"',
            type: 'string',
            pattern: '^(/([^~/]|~[01])*)*$',
          },
          module: { ...MODULE_NAME, description: 'Module that they refer to.' },
        },
      },
    },
    else: MODULE_NAME,
  },
  onMissing: ON_MISSING,
  harmless: {
    description:
      'true: its values reveal nothing about a person. Findings may name a record by them if ' +
      'they are the key that is kept.',
    type: 'boolean',
  },
};

const SEVERAL_COLUMNS = {
  type: 'array',
  uniqueItems: true,
  items: COLUMN_NAME,
};

const COLUMN_FIELD: Readonly<Record<string, unknown>> = {
  description: 'A field that holds the value of a column.',
  type: 'object',
  additionalProperties: false,
  required: ['column', 'type'],
  properties: { column: COLUMN_NAME, ...VALUE },
};

const COMBINED_FIELD: Readonly<Record<string, unknown>> = {
  description: 'A field that combines several columns.',
  type: 'object',
  additionalProperties: false,
  required: ['columns', 'combine', 'type'],
  properties: {
    columns: {
      ...SEVERAL_COLUMNS,
      description: 'The columns, in their order.',
      minItems: 2,
    },
    combine: {
      description:
        'coalesce: the first value that is not null. {"join"}: all texts, with this separator.',
      if: { type: 'object' },
      // oxlint-disable-next-line unicorn/no-thenable -- a keyword of JSON Schema
      then: {
        type: 'object',
        additionalProperties: false,
        required: ['join'],
        properties: {
          join: {
            description: 'Separator of the texts; may be empty.',
            type: 'string',
            maxLength: 1000,
          },
        },
      },
      else: { title: '"coalesce" or {"join": text}', const: 'coalesce' },
    },
    ...VALUE,
  },
};

const CONSTANT_FIELD: Readonly<Record<string, unknown>> = {
  description: 'A field that holds the same value in every record.',
  type: 'object',
  additionalProperties: false,
  required: ['constant', 'type'],
  properties: {
    constant: {
      description: 'The value, as a cell of the source would hold it.',
      if: { type: 'string' },
      else: {
        if: { type: 'boolean' },
        else: { title: 'a text, a number or a boolean', type: 'number' },
      },
    },
    ...VALUE,
  },
};

const REFERENCE_FIELD: Readonly<Record<string, unknown>> = {
  description: 'A field that holds the target id of a record of another (or the same) module.',
  type: 'object',
  additionalProperties: false,
  required: ['reference', 'columns'],
  properties: {
    reference: { ...MODULE_NAME, description: 'Module that the field refers to.' },
    columns: {
      ...SEVERAL_COLUMNS,
      description: "Columns that hold that module's legacy key, in the order of its key.",
      minItems: 1,
    },
    required: REQUIRED,
    onFilteredParent: {
      description:
        'Handling of a filtered parent row: block (if left out) reports the missing record, ' +
        'null makes the field null, filter leaves this row out, too.',
      type: 'string',
      enum: ['block', 'null', 'filter'],
    },
    onMissing: ON_MISSING,
    match: MATCH,
  },
};

/** Matches a field with this member and none of the others. */
function has(name: string, ...others: readonly string[]): unknown {
  const none = others.map((other) => [other, false] as const);
  return { required: [name], properties: Object.fromEntries([[name, true], ...none]) };
}

/** Schema of a field. Its members decide which kind it is, and so which message helps. */
export const FIELD: Readonly<Record<string, unknown>> = {
  description:
    'A field: of a column ("column", "type"), of several ("columns", "combine", "type"), constant ' +
    '("constant", "type") or a reference ("reference", "columns").',
  type: 'object',
  if: { anyOf: [has('reference'), has('columns', 'column', 'type', 'combine', 'constant')] },
  // oxlint-disable-next-line unicorn/no-thenable -- a keyword of JSON Schema
  then: REFERENCE_FIELD,
  else: {
    if: has('constant'),
    // oxlint-disable-next-line unicorn/no-thenable -- a keyword of JSON Schema
    then: CONSTANT_FIELD,
    else: {
      if: { anyOf: [has('combine'), has('columns', 'column')] },
      // oxlint-disable-next-line unicorn/no-thenable -- a keyword of JSON Schema
      then: COMBINED_FIELD,
      else: COLUMN_FIELD,
    },
  },
};
