/** Names as the mapping schemas describe them. `title` completes the sentence "expected …". */

/** A schema whose `title` says what is expected. */
export interface NamedSchema {
  readonly title: string;
  readonly [keyword: string]: unknown;
}

export const MODULE_PATTERN: string = '^[a-z][a-z0-9_-]{0,62}$';

const NAME_TITLE = 'a name of a-z, 0-9, "_" and "-", at most 63, that starts with a letter';

export const SOURCE_NAME: NamedSchema = {
  description: 'Name of a source of the project.',
  title: NAME_TITLE,
  type: 'string',
  pattern: MODULE_PATTERN,
};

export const MODULE_NAME: NamedSchema = {
  description: 'Name of a module.',
  title: NAME_TITLE,
  type: 'string',
  pattern: MODULE_PATTERN,
};

export const REGISTRY_NAME: NamedSchema = {
  description: 'Name of a file in mapping/registries, without its ending.',
  title: NAME_TITLE,
  type: 'string',
  pattern: MODULE_PATTERN,
};

export const KEY_ID: NamedSchema = {
  description:
    'Id of a secret key; the key itself comes from the environment (SEALIFT_KEY_<ID> or ' +
    'SEALIFT_KEY_<ID>_FILE), never from a file of the mapping.',
  title: 'a key id of a-z, 0-9 and "-", at most 63',
  type: 'string',
  pattern: '^[a-z0-9][a-z0-9-]{0,62}$',
};

export const INVARIANT_ID: NamedSchema = {
  description: 'Name of the invariant, unique in the project.',
  title: NAME_TITLE,
  type: 'string',
  pattern: MODULE_PATTERN,
};

/** Not a name, but used as often. */
export const SEVERITY: Readonly<Record<string, unknown>> = {
  description: 'BLOCKER, WARNING or INFO.',
  type: 'string',
  enum: ['BLOCKER', 'WARNING', 'INFO'],
};

export const FIELD_NAME: NamedSchema = {
  description: 'Name of a field of the record.',
  title: 'a field name: not empty, not "~", not "__proto__"',
  type: 'string',
  minLength: 1,
  not: { enum: ['~', '__proto__'] },
};

export const TABLE_NAME: NamedSchema = {
  description:
    'Name of a table, view or file of the source, spelled as the source spells it; may be empty.',
  title: 'a table name',
  type: 'string',
};

export const COLUMN_NAME: NamedSchema = {
  description:
    'Name of a column of the source table, spelled as the source spells it; may be empty.',
  title: 'a column name',
  type: 'string',
};

export const REASON: NamedSchema = {
  description: 'Why it is left out, for the review of the migration.',
  title: 'a reason',
  type: 'string',
  pattern: '\\S',
};

export const TYPE_NAME: NamedSchema = {
  description:
    'Type of the value: string, boolean, integer (within ±(2^53-1)), bigint, decimal(s), float, ' +
    'date, time(p), timestamp(p) (local), timestamptz(p) (UTC), uuid, bytes (up to 64 KiB), blob, ' +
    'enum, json, tagged (columns of mixed types) or array(type). s and p are fraction digits.',
  title: 'a type such as "string" or "decimal(2)"',
  type: 'string',
  examples: [
    'string',
    'boolean',
    'integer',
    'bigint',
    'decimal(2)',
    'float',
    'date',
    'time(0)',
    'timestamp(3)',
    'timestamptz(3)',
    'uuid',
    'bytes',
    'blob',
    'enum',
    'json',
    'tagged',
    'array(string)',
  ],
  // The names themselves are validated by record/type.ts, which knows the nearest one.
  pattern: '^[a-z]+(\\([a-z0-9()]+\\))?$',
};

export const MATCH: Readonly<Record<string, unknown>> = {
  description:
    'Meaning if some parts are null and others are not: simple (if left out) refers to nothing, ' +
    'full makes it a finding.',
  type: 'string',
  enum: ['simple', 'full'],
};
