/**
 * JSON Schema (2020-12) of mapping/modules/<module>.json: the contract, and the help that editors
 * show.
 */

import { FIELD } from './fieldSchema.ts';
import {
  COLUMN_NAME,
  FIELD_NAME,
  INVARIANT_ID,
  KEY_ID,
  MATCH,
  MODULE_NAME,
  REASON,
  REGISTRY_NAME,
  SEVERITY,
  TYPE_NAME,
} from './names.ts';
import { PII_POLICY } from './piiSchema.ts';
import { CONDITION, SOURCE } from './rowSchema.ts';

const FIELD_SET = {
  description: 'Names of fields.',
  type: 'array',
  minItems: 1,
  uniqueItems: true,
  items: FIELD_NAME,
};

/** Describes an id rule with its members; members of other rules are rejected. */
function idRule(rule: string, has: { required: string[]; never: string[] }): unknown {
  return {
    if: { properties: { rule: { const: rule } } },
    // oxlint-disable-next-line unicorn/no-thenable -- a keyword of JSON Schema
    then: {
      required: has.required,
      properties: Object.fromEntries([
        ...has.required.map((name) => [name, true]),
        ...has.never.map((name) => [name, false]),
      ]),
    },
  };
}

const ID_RULE: Readonly<Record<string, unknown>> = {
  description:
    'How a record gets its target id. keep: the legacy key stays the key. uuid: version 5 over ' +
    'module and key. registry: a frozen list of ids. keyless: from the content of the record.',
  type: 'object',
  additionalProperties: false,
  required: ['rule'],
  properties: {
    rule: {
      description: 'keep, uuid, registry or keyless.',
      type: 'string',
      enum: ['keep', 'uuid', 'registry', 'keyless'],
    },
    field: { ...FIELD_NAME, description: 'Field that holds the id; "id" if left out.' },
    registry: REGISTRY_NAME,
    key: KEY_ID,
  },
  allOf: [
    idRule('keep', { required: [], never: ['field', 'registry', 'key'] }),
    idRule('uuid', { required: [], never: ['registry', 'key'] }),
    idRule('registry', { required: ['registry'], never: ['key'] }),
    idRule('keyless', { required: [], never: ['registry'] }),
  ],
};

const INVARIANT: Readonly<Record<string, unknown>> = {
  description: 'SQL over records that must return no row.',
  type: 'object',
  additionalProperties: false,
  required: ['id', 'holds', 'sql', 'modules', 'fields'],
  properties: {
    id: INVARIANT_ID,
    holds: {
      description: 'The condition, as a sentence for the report.',
      title: 'a sentence of at most 300 characters',
      type: 'string',
      pattern: '\\S',
      maxLength: 300,
    },
    sql: {
      description:
        'A query over the modules that it names, each a table of its fields; a decimal(s) is an ' +
        'integer scaled by 10^s. Its first columns are the order fields of this module.',
      title: 'a query',
      type: 'string',
      pattern: '\\S',
      maxLength: 100_000,
    },
    modules: {
      description: 'Modules that the query reads.',
      type: 'array',
      minItems: 1,
      uniqueItems: true,
      items: MODULE_NAME,
    },
    fields: {
      ...FIELD_SET,
      description: 'Fields of this module that a row of its result reports.',
    },
    severity: SEVERITY,
  },
};

export const MODULE_SCHEMA: Readonly<Record<string, unknown>> = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  $id: 'https://sealift.dev/schema/1/module.schema.json',
  title: 'Sealift module',
  description: 'How rows of one table or query become the records of one module.',
  type: 'object',
  additionalProperties: false,
  required: ['module', 'source', 'key', 'id', 'fields'],
  properties: {
    $schema: {
      description: 'Path of this schema, for editors: "../schema/module.schema.json".',
      type: 'string',
    },
    module: {
      ...MODULE_NAME,
      description: 'Name of the module; the file is called <module>.json. Not checksums, mapping.',
    },
    source: SOURCE,
    where: {
      description: 'Only rows that fulfil all of these become records.',
      type: 'array',
      minItems: 1,
      maxItems: 100,
      items: CONDITION,
    },
    merge: {
      description: 'equal: rows with equal keys whose records are equal become one record.',
      type: 'string',
      enum: ['equal'],
    },
    external: {
      description: 'true: its records are in another system already, only their ids are here.',
      const: true,
    },
    key: {
      description:
        'The legacy key: columns with the types in which they are compared. Empty: no key.',
      type: 'array',
      maxItems: 1000,
      items: {
        description: 'One part of the key.',
        type: 'object',
        additionalProperties: false,
        required: ['column', 'type'],
        properties: {
          column: COLUMN_NAME,
          type: TYPE_NAME,
          transforms: {
            description: 'Steps that make equal the spellings of one key, here and in references.',
            type: 'array',
            minItems: 1,
            uniqueItems: true,
            items: {
              description: 'A step.',
              type: 'string',
              enum: ['trim', 'collapse-blanks', 'upper', 'lower', 'nfc'],
            },
          },
        },
      },
    },
    id: ID_RULE,
    fields: {
      description: 'The fields of a record, by name.',
      type: 'object',
      propertyNames: FIELD_NAME,
      additionalProperties: FIELD,
    },
    dropped: {
      description: 'Columns that are left out, each with its reason.',
      type: 'object',
      propertyNames: COLUMN_NAME,
      additionalProperties: REASON,
    },
    unique: {
      description: 'Sets of fields that are unique among the records.',
      type: 'array',
      items: FIELD_SET,
    },
    references: {
      description: 'References by value: "fields" hold the values of "to" in a record of "module".',
      type: 'array',
      items: {
        description: 'One reference.',
        type: 'object',
        additionalProperties: false,
        required: ['fields', 'module', 'to'],
        properties: {
          fields: FIELD_SET,
          module: { ...MODULE_NAME, description: 'Module that the fields refer to.' },
          to: { ...FIELD_SET, description: 'Fields of that module, in the order of "fields".' },
          match: MATCH,
        },
      },
    },
    minimumRows: {
      description: 'Fewer rows in the source fail the run; 1 if left out.',
      type: 'integer',
      minimum: 0,
      maximum: Number.MAX_SAFE_INTEGER,
    },
    invariants: {
      description: 'Conditions that all records of the candidate must fulfil.',
      type: 'array',
      items: INVARIANT,
    },
    pii: PII_POLICY,
    blind: {
      ...KEY_ID,
      description:
        'Id of a secret key with which every record gets "~", which keeps its hash from being ' +
        'guessed. The key comes from SEALIFT_KEY_<ID> or SEALIFT_KEY_<ID>_FILE.',
    },
  },
};
