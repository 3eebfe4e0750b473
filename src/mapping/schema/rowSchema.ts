/**
 * JSON Schema (2020-12) of the source of a module's rows, and of the conditions that filter them.
 */

import { COLUMN_NAME, SOURCE_NAME, TABLE_NAME } from './names.ts';

const SOURCE_OF = { ...SOURCE_NAME, description: 'Name of the source; "main" if left out.' };

const BASE: Readonly<Record<string, unknown>> = {
  description: 'The base table whose rows the query or view accounts for.',
  type: 'object',
  additionalProperties: false,
  required: ['table', 'key'],
  properties: {
    table: { ...TABLE_NAME, description: 'Name of the base table.' },
    key: {
      description: 'Columns of the base table, each with the result column of the same value.',
      type: 'object',
      minProperties: 1,
      propertyNames: COLUMN_NAME,
      additionalProperties: { ...COLUMN_NAME, description: 'Column of the result.' },
    },
    count: {
      ...COLUMN_NAME,
      description:
        'Result column with the number of rows of the base table that a result row stands for, ' +
        'such as count(*). Needed if rows of the base table share their key.',
    },
    lost: {
      description:
        'Rows of the base table without a row in the result: block (if left out) is a ' +
        'finding for each, filter leaves them out.',
      type: 'string',
      enum: ['block', 'filter'],
    },
  },
};

const TABLE_SOURCE: Readonly<Record<string, unknown>> = {
  description: 'The table, view or file whose rows become records.',
  type: 'object',
  additionalProperties: false,
  required: ['table'],
  properties: { name: SOURCE_OF, table: TABLE_NAME, base: BASE },
};

const QUERY_SOURCE: Readonly<Record<string, unknown>> = {
  description: 'The query whose rows become records.',
  type: 'object',
  additionalProperties: false,
  required: ['sql', 'base'],
  properties: {
    name: SOURCE_OF,
    sql: {
      description: "A read-only query in the source's own SQL.",
      title: 'a query',
      type: 'string',
      pattern: '\\S',
      maxLength: 20_000,
    },
    base: BASE,
  },
};

export const SOURCE: Readonly<Record<string, unknown>> = {
  description: 'Where the rows come from: a table ("table"), or a query ("sql", "base").',
  type: 'object',
  if: { required: ['sql'], properties: { sql: true } },
  // oxlint-disable-next-line unicorn/no-thenable -- a keyword of JSON Schema
  then: QUERY_SOURCE,
  else: TABLE_SOURCE,
};

const VALUE: Readonly<Record<string, unknown>> = {
  description: 'A value as read from the source: 0 is not "0".',
  if: { type: 'string' },
  else: { title: 'a text or a number', type: 'number' },
};

const VALUES = { type: 'array', minItems: 1, maxItems: 10_000, uniqueItems: true, items: VALUE };

export const CONDITION: Readonly<Record<string, unknown>> = {
  description: 'A condition on one cell as read from the source.',
  type: 'object',
  additionalProperties: false,
  required: ['column'],
  // After a condition, so that a wrong or missing name has its own message.
  if: {
    required: ['column'],
    properties: { column: true },
    propertyNames: { enum: ['column', 'in', 'notIn', 'isNull', 'atLeast', 'below'] },
  },
  // oxlint-disable-next-line unicorn/no-thenable -- a keyword of JSON Schema
  then: {
    title: 'a "column" and one of "in", "notIn", "isNull", "atLeast" or "below"',
    minProperties: 2,
    maxProperties: 2,
  },
  properties: {
    column: COLUMN_NAME,
    in: { ...VALUES, description: 'The cell is one of these.' },
    notIn: { ...VALUES, description: 'The cell is none of these; it may be null.' },
    isNull: { description: 'true: the cell is null. false: it is not.', type: 'boolean' },
    atLeast: { ...VALUE, description: 'The cell is this or more; texts by their UTF-8 bytes.' },
    below: { ...VALUE, description: 'The cell is less than this; texts by their UTF-8 bytes.' },
  },
};
