import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { compileModule } from '../../src/mapping/compile/module.ts';
import { formDigest, formOfRecords } from '../../src/seal/formOfRecords.ts';
import type { FieldMapping, Mapping, ModuleMapping } from '../../src/mapping/model.ts';
import { NAMESPACE } from './project.ts';

const OWNERS: ModuleMapping = {
  module: 'owners',
  source: { table: 'o' },
  key: [{ column: 'k', type: 'string' }],
  id: { rule: 'uuid' },
  fields: {},
};

interface Words {
  readonly source: string;
  readonly table: string;
  readonly column: string;
  readonly maxLength: number;
}

/** A module of dogs, of a source that calls things as `words` says. */
function dogs({ source, table, column, maxLength }: Words): ModuleMapping {
  return {
    module: 'dogs',
    source: { name: source, table },
    key: [{ column: `${column}-nr`, type: 'integer' }],
    id: { rule: 'keep' },
    blind: 'k',
    fields: {
      nr: { column: `${column}-nr`, type: 'integer' },
      owner: { reference: 'owners', columns: [`${column}-o`] },
      name: { column, type: 'string', required: true, maxLength, transforms: ['trim'] },
      tags: { column: `${column}-t`, type: 'json', references: 'owners' },
    },
    unique: [['owner', 'name'], ['name']],
    references: [{ fields: ['owner', 'name'], module: 'owners', to: ['x', 'y'] }],
  };
}

function mappingOf(module: ModuleMapping): Mapping {
  const project = { format: 1, name: 'p', namespace: NAMESPACE, sources: {} } as const;
  return { project, modules: [module, OWNERS], registries: new Map() };
}

const digestOf = (module: ModuleMapping): string =>
  formDigest(formOfRecords(compileModule(mappingOf(module), 'dogs')));

const WORDS: Words = { source: 'main', table: 't', column: 'c', maxLength: 9 };
const PLAIN = dogs(WORDS);

describe('the form of records', () => {
  it('has names, types, nullability, order, unique sets and references, sorted', () => {
    const form = formOfRecords(compileModule(mappingOf(PLAIN), 'dogs'));
    expect(JSON.parse(JSON.stringify(form))).toEqual({
      fields: {
        nr: { type: 'integer', nullable: false },
        owner: { type: 'uuid', nullable: true },
        name: { type: 'string', nullable: false },
        tags: { type: 'json', nullable: true },
        '~': { type: 'blind', nullable: false },
      },
      order: ['nr'],
      references: [
        { each: true, fields: ['tags'], module: 'owners' },
        { fields: ['name', 'owner'], module: 'owners', to: ['y', 'x'] },
        { fields: ['owner'], module: 'owners' },
      ],
      unique: [['name', 'owner'], ['name']],
    });
  });

  it('does not depend on source, table, columns and what a value is held against', () => {
    const words = fc.record({
      source: fc.string(),
      table: fc.string(),
      column: fc.string(),
      maxLength: fc.nat(),
    });
    const same = fc.property(words, (of) => digestOf(dogs(of)) === digestOf(PLAIN));
    fc.assert(same);
  });

  const field = (name: string, of: FieldMapping): ModuleMapping => {
    return { ...PLAIN, fields: { ...PLAIN.fields, [name]: of } };
  };
  const CHANGES: readonly [string, ModuleMapping][] = [
    ['another type', field('tags', { column: 't', type: 'string', references: 'owners' })],
    ['null allowed', field('name', { column: 'c', type: 'string' })],
    ['a field more', field('more', { column: 'm', type: 'string' })],
    ['no reference', field('tags', { column: 't', type: 'json' })],
    ['another unique set', { ...PLAIN, unique: [['name']] }],
    [
      'no blind',
      Object.fromEntries(
        Object.entries(PLAIN).filter(([name]) => name !== 'blind'),
      ) as unknown as ModuleMapping,
    ],
    [
      'other pairs',
      { ...PLAIN, references: [{ fields: ['owner', 'name'], module: 'owners', to: ['y', 'x'] }] },
    ],
    [
      'ids at a path alone',
      field('tags', {
        column: 't',
        type: 'json',
        references: [{ path: '/*', module: 'owners' }],
      }),
    ],
    [
      'a match in full',
      {
        ...PLAIN,
        references: (PLAIN.references ?? []).map((one) => Object.assign({ match: 'full' }, one)),
      },
    ],
    ['ids made anew', { ...PLAIN, id: { rule: 'uuid' } }],
  ];
  it.each(CHANGES)('is another one with %s (negative control)', (_, module) => {
    expect(digestOf(module)).not.toBe(digestOf(PLAIN));
  });
});
