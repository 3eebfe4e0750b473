/** JSON Schema (2020-12) of a field of a module: of a column, or a reference. */

import { FORMATS } from '../../record/format.ts';
import { COLUMN_NAME, FIELD_NAME, MODULE_NAME, TYPE_NAME } from './names.ts';
import { TRANSFORM } from './transformSchema.ts';

const REQUIRED = {
  description: 'true: null is refused.',
  type: 'boolean',
};

export const COLUMN_FIELD: Readonly<Record<string, unknown>> = {
  description: 'A field that holds the value of a column.',
  type: 'object',
  additionalProperties: false,
  required: ['column', 'type'],
  properties: {
    column: COLUMN_NAME,
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
        'IANA zone in which local times of the source are meant, such as "Europe/Zurich"; for ' +
        'timestamptz only.',
      title: 'an IANA zone such as "Europe/Zurich"',
      type: 'string',
      pattern: '^[A-Za-z][A-Za-z0-9_+/-]*$',
    },
    encoding: {
      description: 'How text of the source holds bytes, where it has no bytes of its own.',
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
    nonBlank: { description: 'true: text of blanks alone is refused.', type: 'boolean' },
    format: {
      description: 'A known form of text, checked after the type; the value is kept.',
      type: 'string',
      enum: Object.keys(FORMATS),
    },
    pattern: {
      description: 'RE2 syntax; the whole text has to match.',
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
        via: { ...FIELD_NAME, description: 'Field of this module that leads to the record.' },
        field: { ...FIELD_NAME, description: 'Field of that record.' },
      },
    },
    references: {
      ...MODULE_NAME,
      description: 'Module in which the ids in an array or in JSON have to exist.',
    },
    pii: {
      description: 'Kind of personal data that the field holds, such as EMAIL or PHONE.',
      title: 'a kind in capital letters, such as EMAIL',
      type: 'string',
      pattern: '^[A-Z][A-Z0-9_]{0,62}$',
    },
  },
};

export const REFERENCE_FIELD: Readonly<Record<string, unknown>> = {
  description: 'A field that holds the target id of a record of another (or the same) module.',
  type: 'object',
  additionalProperties: false,
  required: ['reference', 'columns'],
  properties: {
    reference: { ...MODULE_NAME, description: 'Module that the field refers to.' },
    columns: {
      description: "Columns that hold that module's legacy key, in the order of its key.",
      type: 'array',
      minItems: 1,
      uniqueItems: true,
      items: COLUMN_NAME,
    },
    required: REQUIRED,
  },
};
