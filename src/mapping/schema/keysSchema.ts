/** JSON Schema (2020-12) of mapping/keys.json: the contract, and the help that editors show. */

import { COLUMN_NAME, KEY_ID, TABLE_NAME } from './names.ts';

const COLUMN: Readonly<Record<string, unknown>> = { ...COLUMN_NAME, minLength: 1 };
const TABLE: Readonly<Record<string, unknown>> = { ...TABLE_NAME, minLength: 1 };
const KEY: Readonly<Record<string, unknown>> = { ...KEY_ID, description: 'Name of a key.' };

const ID: Readonly<Record<string, unknown>> = {
  description: 'Columns of the key of a row: the primary key, or others that are unique.',
  title: 'a column name, or a list of them',
  anyOf: [COLUMN, { type: 'array', minItems: 1, items: COLUMN }],
};

const SOURCE: Readonly<Record<string, unknown>> = {
  description:
    'Where the key comes from: file:PATH (relative to the project folder), fd:N, env:NAME, or ' +
    'derived:paperscraper. Never the key itself.',
  title: 'file:PATH, fd:N, env:NAME or derived:paperscraper',
  type: 'string',
  pattern: '^(file:.+|fd:[0-9]{1,5}|env:[A-Za-z_][A-Za-z0-9_]*|derived:paperscraper)$',
};

const LEGACY: Readonly<Record<string, unknown>> = {
  description: 'A form of values from before; all but plain and base64 need a key.',
  type: 'object',
  additionalProperties: false,
  required: ['form'],
  properties: {
    form: {
      description:
        'plain, base64 (of UTF-8), token (Fernet without prefix), or a form with the prefix ' +
        'enc:v1: (a1, fernet, gcm3, cbc2).',
      type: 'string',
      enum: ['plain', 'base64', 'token', 'a1', 'fernet', 'gcm3', 'cbc2'],
    },
    key: KEY,
  },
};

const NAMES: Readonly<Record<string, unknown>> = {
  type: 'object',
  additionalProperties: false,
  properties: { table: TABLE, column: COLUMN },
};

const BLIND_INDEX: Readonly<Record<string, unknown>> = {
  description: 'A column with an HMAC of the value, by which the application finds rows.',
  type: 'object',
  additionalProperties: false,
  required: ['column', 'key'],
  properties: {
    column: { ...COLUMN, description: 'Column of the index, of the same table.' },
    key: KEY,
    normalise: {
      description: 'Steps before values are compared, in this order.',
      type: 'array',
      items: { type: 'string', enum: ['nfc', 'trim', 'lower'] },
    },
  },
};

const SECRET_COLUMN: Readonly<Record<string, unknown>> = {
  description: 'A column with secrets.',
  type: 'object',
  additionalProperties: false,
  required: ['table', 'id', 'column', 'target', 'key'],
  properties: {
    table: TABLE,
    id: ID,
    column: COLUMN,
    logical: {
      ...NAMES,
      description: 'Names that values are bound to, if not those of the database.',
    },
    formerly: {
      ...NAMES,
      description: 'What values were bound to before: see sealift keys rebind.',
      properties: { table: TABLE, column: COLUMN, id: ID },
    },
    legacy: {
      description: 'Forms that values have before they are migrated; none of them is guessed.',
      type: 'array',
      items: LEGACY,
    },
    target: { description: 'The form to write.', type: 'string', enum: ['a1', 'fernet'] },
    key: { ...KEY, description: 'The primary key: what new values are sealed under.' },
    retiring: {
      description: 'Keys that values of the target form may still be under, during a rotation.',
      type: 'array',
      items: KEY,
    },
    blindIndex: BLIND_INDEX,
    optional: { description: 'Whether the column may be without any value.', type: 'boolean' },
  },
};

export const KEYS_SCHEMA: Readonly<Record<string, unknown>> = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  $id: 'https://sealift.dev/schema/1/keys.schema.json',
  title: 'Sealift keys',
  description: 'Columns with secrets, their forms, and the keys that they are under.',
  type: 'object',
  additionalProperties: false,
  required: ['format', 'database', 'keys', 'log', 'columns'],
  properties: {
    $schema: {
      description: 'Path of this schema, for editors: "./schema/keys.schema.json".',
      type: 'string',
    },
    format: { description: 'Number of the format: 1.', const: 1 },
    database: {
      description:
        'URL of the database that the application uses: sqlite:FILE, postgres://…, or env:NAME. ' +
        'A relative path starts at the project folder.',
      type: 'string',
      minLength: 1,
    },
    keys: {
      description: 'The keys by name, and where each comes from.',
      type: 'object',
      minProperties: 1,
      propertyNames: KEY,
      additionalProperties: {
        type: 'object',
        additionalProperties: false,
        required: ['source'],
        properties: { source: SOURCE },
      },
    },
    log: {
      ...KEY,
      description:
        'Key of the log of changes, of no column: what stood in a cell before is kept under it.',
    },
    columns: {
      description: 'The columns with secrets.',
      type: 'array',
      minItems: 1,
      items: SECRET_COLUMN,
    },
  },
};
