/** The schemas of run.json and merkle.json, which the program takes as they are. */

import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';

import { MERKLE_SCHEMA, RUN_SCHEMA } from '../../src/seal/sealSchemas.ts';

describe('the schemas of a seal', () => {
  it.each([
    ['run.json', RUN_SCHEMA],
    ['merkle.json', MERKLE_SCHEMA],
  ])('of %s are JSON Schema 2020-12', (_, schema) => {
    expect(new Ajv2020({ strict: true }).validateSchema(schema)).toBe(true);
  });

  it('would be refused with a keyword that has a wrong value (negative control)', () => {
    const ajv = new Ajv2020({ strict: true });
    expect(ajv.validateSchema({ ...RUN_SCHEMA, required: 'format' })).toBe(false);
  });
});
