/** JSON Schema (2020-12) of mapping/smoke.json: the contract, and the help that editors show. */

import { FIELD_NAME, MODULE_NAME } from './names.ts';

const PATTERN: Readonly<Record<string, unknown>> = {
  description: 'RE2 syntax.',
  type: 'string',
  minLength: 1,
  maxLength: 10_000,
};

const EXPECTATION: Readonly<Record<string, unknown>> = {
  description: 'What a field is expected to hold: one of equals, null, matches, oneOf.',
  title: 'one of equals, null, matches, oneOf',
  type: 'object',
  additionalProperties: false,
  minProperties: 1,
  maxProperties: 1,
  properties: {
    equals: { description: 'The value as JSON. 5 and "5" differ.' },
    null: { description: 'Whether the field is null.', type: 'boolean' },
    matches: { ...PATTERN, description: 'RE2 syntax. The whole text must match.' },
    oneOf: { description: 'The values that it may hold.', type: 'array', minItems: 1 },
  },
};

/** Members of a record that was found. */
const OF_RECORD: Readonly<Record<string, unknown>> = {
  fields: {
    description: 'Expectations by field.',
    type: 'object',
    propertyNames: FIELD_NAME,
    additionalProperties: EXPECTATION,
  },
  follow: {
    description:
      'References to follow, by field; the fields of a reference by value are joined by "+".',
    type: 'object',
    minProperties: 1,
    additionalProperties: { $ref: '#/$defs/record' },
  },
};

const COUNT: Readonly<Record<string, unknown>> = {
  description: 'Number of records.',
  type: 'integer',
  minimum: 0,
};

const MODULE: Readonly<Record<string, unknown>> = {
  description: 'Queries of one module.',
  type: 'object',
  additionalProperties: false,
  minProperties: 1,
  properties: {
    count: {
      description: 'Expected number of records.',
      type: 'object',
      additionalProperties: false,
      minProperties: 1,
      properties: {
        exactly: { ...COUNT, description: 'So many.' },
        atLeast: { ...COUNT, description: 'So many or more.' },
        atMost: { ...COUNT, description: 'So many or fewer.' },
      },
    },
    first: { description: 'The first record in the order of keys.', $ref: '#/$defs/record' },
    last: { description: 'The last record in the order of keys.', $ref: '#/$defs/record' },
    records: {
      description: 'Records to find, each by its id or by its legacy key.',
      type: 'array',
      minItems: 1,
      items: {
        description: 'A record with an id or a key.',
        type: 'object',
        additionalProperties: false,
        properties: {
          id: { description: 'Its id in the candidate.', type: 'string' },
          key: { description: 'Parts of its key in the source.', type: 'array', minItems: 1 },
          ...OF_RECORD,
        },
      },
    },
  },
};

export const SMOKE_SCHEMA: Readonly<Record<string, unknown>> = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  $id: 'https://sealift.dev/schema/1/smoke.schema.json',
  title: 'Sealift smoke queries',
  description: 'What sealift smoke reads of what is live, and what it expects.',
  type: 'object',
  additionalProperties: false,
  required: ['format', 'modules'],
  $defs: {
    record: {
      description: 'A record that is there.',
      type: 'object',
      additionalProperties: false,
      properties: OF_RECORD,
    },
  },
  properties: {
    $schema: {
      description: 'Path of this schema, for editors: "./schema/smoke.schema.json".',
      type: 'string',
    },
    format: { description: 'Number of the format: 1.', const: 1 },
    modules: {
      description: 'Queries by module.',
      type: 'object',
      propertyNames: MODULE_NAME,
      additionalProperties: MODULE,
    },
    logs: {
      description: 'Logs of programs that read what is live.',
      type: 'array',
      items: {
        description: 'A log, and what must not occur in it since the candidate went live.',
        type: 'object',
        additionalProperties: false,
        required: ['file', 'forbid'],
        properties: {
          file: {
            description: 'Path; a relative one starts at the project folder.',
            type: 'string',
            minLength: 1,
          },
          forbid: {
            description: 'Patterns that must not occur in a line.',
            type: 'array',
            minItems: 1,
            items: PATTERN,
          },
          zone: {
            description: 'Time zone of times without an offset, such as "Europe/Vienna".',
            type: 'string',
            minLength: 1,
          },
        },
      },
    },
  },
};
