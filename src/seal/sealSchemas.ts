/** Schemas of run.json, merkle.json and ranges.ndjson; they reject unknown members and formats. */

import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';

import { MODULE_PATTERN } from '../mapping/schema/names.ts';
import { SEGMENT_LEAVES } from '../merkle/tree.ts';
import { ALGORITHM, FORMAT, type MerkleFile, type RunFile, type SealedRange } from './format.ts';

const count = { type: 'integer', minimum: 0 };
const hex = { type: 'string', pattern: '^[0-9a-f]{64}$' };
const text = { type: 'string' };
const moduleName = { type: 'string', pattern: MODULE_PATTERN };
const texts = { type: 'array', items: text };

function object(
  properties: Record<string, unknown>,
  optional: Record<string, unknown> = {},
): Record<string, unknown> {
  return {
    type: 'object',
    properties: { ...properties, ...optional },
    required: Object.keys(properties),
    additionalProperties: false,
  };
}

function list(items: Record<string, unknown>): Record<string, unknown> {
  return { type: 'array', items };
}

const accounting = object({
  module: text,
  source: text,
  table: text,
  rows: count,
  emitting: count,
  filtered: count,
  rejected: count,
  emitted: count,
  merged: count,
  records: count,
});

/** Schema of run.json. */
export const RUN_SCHEMA: Record<string, unknown> = object(
  {
    format: { const: FORMAT },
    tool: object({ name: text, version: text }),
    timeZoneData: text,
    unicode: text,
    runId: text,
    asOf: { type: ['string', 'null'] },
    mapping: object({ digest: hex }),
    sources: list(
      object({
        name: text,
        scheme: text,
        integrity: { enum: ['passed', 'skipped', null] },
        schema: hex,
        tables: list(object({ table: text, rows: { type: ['integer', 'null'], minimum: 0 } })),
      }),
    ),
    accounting: list(accounting),
    modules: list(object({ name: moduleName, count, root: hex, schema: hex, findings: count })),
    dataRoot: hex,
  },
  {
    sample: { type: 'integer', minimum: 1 },
    findings: {
      ...list(object({ module: { type: ['string', 'null'] }, rule: text, reason: text })),
      minItems: 1,
    },
  },
);

/** Schema of merkle.json. */
export const MERKLE_SCHEMA: Record<string, unknown> = object({
  algorithm: { const: ALGORITHM },
  order: object({ fields: texts, types: texts }),
  count,
  root: hex,
  segmentLeaves: { const: SEGMENT_LEAVES },
  segments: list(hex),
});

const key = { type: 'array', items: { type: ['string', 'number', 'boolean'] } };

/** Schema of a line of ranges.ndjson. */
const RANGE_SCHEMA: Record<string, unknown> = object({
  count,
  digest: hex,
  end: count,
  last: key,
});

let validators: {
  run: ValidateFunction<RunFile>;
  merkle: ValidateFunction<MerkleFile>;
  range: ValidateFunction<SealedRange>;
} | null = null;

/** Compiles the schemas on first use, to keep start-up fast. */
function validator(): NonNullable<typeof validators> {
  if (validators === null) {
    // A test validates the schemas; doing so here would take as long as compiling them.
    const trusted = { meta: false, validateSchema: false, code: { optimize: false } } as const;
    const ajv = new Ajv2020({ strict: true, allowUnionTypes: true, ...trusted });
    validators = {
      run: ajv.compile<RunFile>(RUN_SCHEMA),
      merkle: ajv.compile<MerkleFile>(MERKLE_SCHEMA),
      range: ajv.compile<SealedRange>(RANGE_SCHEMA),
    };
  }
  return validators;
}

/** Returns the value if it is a valid run.json of format 1, or null. */
export function asRunFile(value: unknown): RunFile | null {
  return validator().run(value) ? value : null;
}

/** Returns the value if it is a valid merkle.json, or null. */
export function asMerkleFile(value: unknown): MerkleFile | null {
  return validator().merkle(value) ? value : null;
}

/** Returns the value if it is a valid line of ranges.ndjson, or null. */
export function asSealedRange(value: unknown): SealedRange | null {
  return validator().range(value) ? value : null;
}
