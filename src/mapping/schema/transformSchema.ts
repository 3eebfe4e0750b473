/**
 * JSON Schema (2020-12) of one transform: a word, or an object of one kind of step with its
 * options. mapping/check/transforms.ts checks that it is of one kind only.
 */

const WORDS = {
  type: 'array',
  minItems: 1,
  uniqueItems: true,
  items: { description: 'A word.', type: 'string' },
};

/** Describes patterns, whose grammar is that of record/datePattern.ts. */
function patterns(description: string, example: string): unknown {
  const pattern = { title: `a pattern such as "${example}"`, type: 'string', minLength: 1 };
  return {
    description,
    type: 'object',
    additionalProperties: false,
    required: ['pattern'],
    properties: {
      pattern: { ...pattern, description: `The expected form, such as "${example}".` },
      fallbacks: {
        description: 'Other forms that are accepted, with a finding.',
        type: 'array',
        minItems: 1,
        maxItems: 20,
        uniqueItems: true,
        items: { ...pattern, description: 'A pattern.' },
      },
    },
  };
}

const text = (description: string, more: object = {}): unknown => ({
  description,
  type: 'string',
  ...more,
});

const STEP: Readonly<Record<string, unknown>> = {
  type: 'object',
  additionalProperties: false,
  minProperties: 1,
  dependentRequired: {
    otherwise: ['lookup'],
    part: ['split'],
    replace: ['with'],
    with: ['replace'],
  },
  properties: {
    sentinels: {
      description: 'Values that mean null: they become null, with a finding.',
      type: 'array',
      minItems: 1,
      uniqueItems: true,
      items: {
        description: 'A value.',
        if: { type: 'string' },
        else: { title: 'a text or a number', type: 'number' },
      },
    },
    date: patterns('Text of these forms becomes a date.', 'dd.MM.yyyy'),
    time: patterns('Text of these forms becomes a time of day.', 'HH:mm'),
    timestamp: patterns('Text of these forms becomes a date and time.', 'dd.MM.yyyy HH:mm'),
    booleans: {
      description: 'Words for true and false.',
      type: 'object',
      additionalProperties: false,
      required: ['true', 'false'],
      properties: {
        true: { ...WORDS, description: 'Words for true.' },
        false: { ...WORDS, description: 'Words for false.' },
      },
    },
    lookup: {
      description: 'Values and their replacements.',
      type: 'object',
      minProperties: 1,
      additionalProperties: { description: 'Its replacement.', type: 'string' },
    },
    otherwise: {
      description: 'Values that the lookup does not list are rejected ("refuse") or kept ("keep").',
      type: 'string',
      enum: ['keep', 'refuse'],
    },
    split: text('Separator of the parts; the result is a JSON array.', { minLength: 1 }),
    part: {
      description: 'The only part of the split that is kept, from 1; null if there is none.',
      type: 'integer',
      minimum: 1,
      maximum: 1_000_000,
    },
    prefix: text('Text to put first.', { minLength: 1 }),
    suffix: text('Text to append.', { minLength: 1 }),
    replace: text('Text to replace at each occurrence, literally.', { minLength: 1 }),
    with: text('Its replacement.'),
    jsonField: text('Name of a member of a JSON object: its value is taken.'),
  },
};

export const TRANSFORM: Readonly<Record<string, unknown>> = {
  description: 'One step.',
  if: { type: 'string' },
  // oxlint-disable-next-line unicorn/no-thenable -- a keyword of JSON Schema
  then: {
    type: 'string',
    enum: ['trim', 'collapse-blanks', 'upper', 'lower', 'nfc', 'empty-to-null', 'decimal-comma'],
  },
  else: STEP,
};
