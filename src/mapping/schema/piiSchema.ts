/** JSON Schema (2020-12) of a module's policy on personal data. */

import { TREATMENTS } from '../../treatment/treatment.ts';
import { COLUMN_NAME, FIELD_NAME, KEY_ID, REASON, SEVERITY } from './names.ts';

export const CLASS_NAME = {
  description:
    'Kind of personal data, such as EMAIL, PHONE, PERSON, FREE_TEXT, or one of your own.',
  title: 'a kind in capital letters, such as EMAIL',
  type: 'string',
  pattern: '^[A-Z][A-Z0-9_]{0,62}$',
} as const;

const AT_LEAST_ONE = { type: 'integer', minimum: 1, maximum: 1000 } as const;

const COARSE = {
  description:
    'For generalised: year, month or decade of a date, {"first": n} characters of a text, or ' +
    '{"step": n} for the range of a number.',
  if: { type: 'object' },
  // oxlint-disable-next-line unicorn/no-thenable -- a keyword of JSON Schema
  then: {
    type: 'object',
    additionalProperties: false,
    minProperties: 1,
    maxProperties: 1,
    properties: {
      first: { description: 'Characters that stay.', ...AT_LEAST_ONE },
      step: {
        description: 'Width of a range.',
        type: 'integer',
        minimum: 2,
        maximum: 1_000_000_000,
      },
    },
  },
  else: { type: 'string', enum: ['year', 'month', 'decade'] },
};

const KEPT = { type: 'integer', minimum: 0, maximum: 16 } as const;

const DECLARED = {
  description: 'What a field holds, and how it is treated.',
  type: 'object',
  additionalProperties: false,
  required: ['class', 'treatment'],
  properties: {
    class: CLASS_NAME,
    treatment: {
      description:
        'plain: as it is. pseudonymised: the same name for the same value of a class. hashed: the ' +
        'same, but of this field alone. encrypted: with the key it can be read again. masked: most ' +
        'characters are *. generalised: coarser. dropped: the column of this name is left out.',
      type: 'string',
      enum: TREATMENTS,
    },
    to: COARSE,
    mask: {
      description: 'For masked: letters and digits that stay.',
      type: 'object',
      additionalProperties: false,
      required: ['first', 'last'],
      properties: {
        first: { description: 'At the beginning.', ...KEPT },
        last: { description: 'At the end.', ...KEPT },
      },
    },
    purpose: { description: 'Purpose of the processing.', type: 'string', maxLength: 300 },
    mayContain: {
      description: 'Classes that may be in it besides its own.',
      type: 'array',
      uniqueItems: true,
      items: CLASS_NAME,
    },
    residual: {
      description: 'block (if left out): what else is found in it blocks. warn: it is a WARNING.',
      type: 'string',
      enum: ['block', 'warn'],
    },
    share: {
      description: 'Least share of its values in which its class is found; 0.8 if left out.',
      type: 'number',
      minimum: 0,
      maximum: 1,
    },
  },
};

const NOT_PII = {
  description: 'Why a field holds no personal data.',
  type: 'object',
  additionalProperties: false,
  required: ['reason'],
  properties: {
    shape: {
      description: 'RE2 syntax; every whole value must match.',
      title: 'a pattern of 1 to 1000 characters',
      type: 'string',
      minLength: 1,
      maxLength: 1000,
    },
    reason: { ...REASON, description: 'Why it is no personal data.' },
  },
};

const ACCEPTANCE = {
  description: 'A finding that is accepted until a day.',
  type: 'object',
  additionalProperties: false,
  required: ['fp', 'rule', 'reason', 'by', 'until'],
  properties: {
    fp: {
      description: 'Fingerprint of the value, as the finding shows it.',
      title: 'a fingerprint such as "f:0123456789abcdef"',
      type: 'string',
      pattern: '^f:[0-9a-f]{16}$',
    },
    rule: {
      description: 'Rule of the finding.',
      type: 'string',
      enum: ['pii-undeclared', 'pii-id'],
    },
    reason: { ...REASON, description: 'Why it is accepted.' },
    by: { ...REASON, description: 'Who accepts it.' },
    until: {
      description: 'Last day on which it is accepted.',
      title: 'a day such as "2026-12-31"',
      type: 'string',
      pattern: '^\\d{4}-\\d{2}-\\d{2}$',
    },
  },
};

export const PII_POLICY: Readonly<Record<string, unknown>> = {
  description: 'The policy on personal data: what each field holds, and how it is treated.',
  type: 'object',
  additionalProperties: false,
  required: ['policy'],
  properties: {
    policy: { description: 'Version of this form: 1.', const: 1 },
    default: {
      description:
        'deny (if left out): each field has to be in "fields" or "notPii". allow: other fields hold ' +
        'none as far as the search can tell.',
      type: 'string',
      enum: ['deny', 'allow'],
    },
    keyId: { ...KEY_ID, description: 'Id of the secret key of treatments and acceptances.' },
    regions: {
      description: 'Countries whose national telephone numbers are found, most likely first.',
      type: 'array',
      uniqueItems: true,
      maxItems: 50,
      items: {
        description: 'Two capital letters of ISO 3166.',
        title: 'a country such as "CH"',
        type: 'string',
        pattern: '^[A-Z]{2}$',
      },
    },
    fields: {
      description: 'Fields with personal data; for dropped, columns.',
      type: 'object',
      additionalProperties: DECLARED,
      propertyNames: COLUMN_NAME,
    },
    notPii: {
      description: 'Fields without personal data.',
      type: 'object',
      additionalProperties: NOT_PII,
      propertyNames: FIELD_NAME,
    },
    quasi: {
      description: 'Fields that identify a person together.',
      type: 'object',
      additionalProperties: false,
      required: ['fields', 'k'],
      properties: {
        fields: {
          description: 'Names of fields.',
          type: 'array',
          minItems: 1,
          uniqueItems: true,
          items: FIELD_NAME,
        },
        k: {
          description: 'Least number of records with the same values.',
          type: 'integer',
          minimum: 2,
          maximum: 1000,
        },
        severity: SEVERITY,
      },
    },
    accept: { description: 'Findings that are accepted.', type: 'array', items: ACCEPTANCE },
  },
};
