/** JSON Schema (2020-12) of mapping/attachments.json: the contract, and the help that editors show. */

import { COLUMN_NAME, TABLE_NAME } from './names.ts';

const PLACE: Readonly<Record<string, unknown>> = { type: 'string', minLength: 1 };

const COLUMN: Readonly<Record<string, unknown>> = { ...COLUMN_NAME, minLength: 1 };

/** A segment or several of a key: what is safe in every store and every URL. */
const PREFIX: Readonly<Record<string, unknown>> = {
  description:
    'First part of the keys of the objects, unique in this file (default: name of the table).',
  title: 'letters, digits, "_", "-", "." and "/", such as "attachments"',
  type: 'string',
  pattern: '^[A-Za-z0-9_-][A-Za-z0-9._-]*(/[A-Za-z0-9_-][A-Za-z0-9._-]*)*$',
  maxLength: 200,
};

const TABLE: Readonly<Record<string, unknown>> = {
  description: 'A table with a row for each attachment.',
  type: 'object',
  additionalProperties: false,
  required: ['table', 'id', 'path', 'key'],
  properties: {
    table: { ...TABLE_NAME, minLength: 1 },
    id: {
      description: 'Columns of the key of a row: the primary key, or others that are unique.',
      title: 'a column name, or a list of them',
      anyOf: [COLUMN, { type: 'array', minItems: 1, items: COLUMN }],
    },
    path: { ...COLUMN, description: 'Column with the path of the file below the root.' },
    key: { ...COLUMN, description: 'Column that gets the key of the object; null before.' },
    size: { ...COLUMN, description: 'Column with the size in bytes, which the file must have.' },
    contentType: { ...COLUMN, description: 'Column with the MIME type.' },
    sha256: {
      ...COLUMN,
      description: 'Column with the SHA-256 in hex, which the file must have.',
    },
    prefix: PREFIX,
  },
};

export const ATTACHMENTS_SCHEMA: Readonly<Record<string, unknown>> = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  $id: 'https://sealift.dev/schema/1/attachments.schema.json',
  title: 'Sealift attachments',
  description: 'Where the files of rows are, and where sealift attachments moves them.',
  type: 'object',
  additionalProperties: false,
  required: ['format', 'database', 'root', 'tables'],
  properties: {
    $schema: {
      description: 'Path of this schema, for editors: "./schema/attachments.schema.json".',
      type: 'string',
    },
    format: { description: 'Number of the format: 1.', const: 1 },
    database: {
      ...PLACE,
      description:
        'URL of the database that the application uses: sqlite:FILE, postgres://…, or env:NAME. ' +
        'A relative path starts at the project folder.',
    },
    root: {
      ...PLACE,
      description:
        'Folder that all files are below, or env:NAME. A relative path starts at the project folder.',
    },
    store: {
      ...PLACE,
      description:
        'URL of the store: folder:DIR, s3://BUCKET/PREFIX, or env:NAME. If left out, ' +
        'OBJECT_STORAGE_PROVIDER and the variables beside it tell.',
    },
    tables: {
      description: 'The tables with attachments.',
      type: 'array',
      minItems: 1,
      items: TABLE,
    },
  },
};
