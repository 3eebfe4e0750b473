import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { formDigest, formOfRecords } from '../../src/seal/formOfRecords.ts';

/** A schema of two fields, of a source that calls things as `words` says. */
function schema(words: { table: string; column: string; transforms?: unknown[] }): object {
  const { table, column, ...more } = words;
  return {
    title: 'm',
    properties: {
      id: {
        type: 'integer',
        'x-sealift': { column: `${column}-id`, type: 'integer', nullable: false },
      },
      owner: { 'x-sealift': { columns: [column], reference: 'o', type: 'uuid', nullable: true } },
      tags: { 'x-sealift': { column, type: 'json', nullable: true, references: 'tag', ...more } },
    },
    'x-sealift': {
      source: 'main',
      table,
      order: ['id'],
      unique: [['tags', 'owner'], ['id']],
      references: [{ fields: ['tags', 'owner'], module: 'o', to: ['t', 'w'] }],
    },
  };
}

const PLAIN = schema({ table: 't', column: 'c' });

/** PLAIN with a part of its JSON text replaced. */
function changed(from: string, to: string): unknown {
  const text = JSON.stringify(PLAIN);
  if (!text.includes(from)) throw new Error(`${from} is not there`);
  return JSON.parse(text.replace(from, to));
}

describe('the form of records', () => {
  it('has names, types, nullability, order, unique sets and references, sorted', () => {
    expect(formOfRecords(PLAIN)).toEqual({
      fields: {
        id: { type: 'integer', nullable: false },
        owner: { type: 'uuid', nullable: true },
        tags: { type: 'json', nullable: true },
      },
      order: ['id'],
      references: [
        { each: 'tag', fields: ['tags'] },
        { fields: ['owner', 'tags'], module: 'o', to: ['w', 't'] },
        { fields: ['owner'], module: 'o' },
      ],
      unique: [['id'], ['owner', 'tags']],
    });
  });

  it('does not depend on source, table, columns and transforms', () => {
    const words = fc.record({
      table: fc.string(),
      column: fc.string(),
      transforms: fc.array(fc.string()),
    });
    fc.assert(fc.property(words, (of) => formDigest(schema(of)) === formDigest(PLAIN)));
  });

  it.each([
    ['"type":"json"', '"type":"string"'],
    ['"nullable":true', '"nullable":false'],
    ['"owner":{', '"keeper":{'],
    ['"order":["id"]', '"order":["owner"]'],
    ['[["tags","owner"],["id"]]', '[["id"]]'],
    ['"reference":"o"', '"reference":"p"'],
    ['"references":"tag"', '"references":"tog"'],
    ['"to":["t","w"]', '"to":["w","t"]'],
  ])('is another one with %s as %s (negative control)', (from, to) => {
    expect(formDigest(changed(from, to))).not.toBe(formDigest(PLAIN));
  });

  it.each([
    null,
    [],
    'x',
    {},
    { properties: {} },
    { properties: { a: null }, 'x-sealift': { order: [] } },
  ])('of what is no schema is none: %j', (value) => {
    expect(formDigest(value)).toBeNull();
  });
});
