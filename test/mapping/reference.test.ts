/** References by the keys of other rows: what becomes of them, and when nothing of them gets lost. */

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { compileModule } from '../../src/mapping/compile/module.ts';
import type { FieldMapping, KeyPart, Mapping, ModuleMapping } from '../../src/mapping/model.ts';
import { rowMapper } from '../../src/mapping/compile/rowMapper.ts';
import type { SourceValue } from '../../src/record/value.ts';
import { NAMESPACE } from './project.ts';

const TEAM: ModuleMapping = {
  module: 'team',
  source: { table: 'team' },
  key: [
    { column: 'y', type: 'integer' },
    { column: 't', type: 'string' },
  ],
  id: { rule: 'uuid' },
  fields: { name: { column: 'name', type: 'string' } },
};

function starOf(
  fields: Readonly<Record<string, FieldMapping>>,
  key = ['id'],
  transforms: Pick<KeyPart, 'transforms'> = {},
): (cells: Readonly<Record<string, SourceValue>>) => [Record<string, unknown>, string[]] {
  const star: ModuleMapping = {
    module: 'star',
    source: { table: 'star' },
    key: key.map((column) => ({
      column,
      type: column === 't' ? 'string' : 'integer',
      ...transforms,
    })),
    id: { rule: 'uuid' },
    fields,
  };
  const mapping: Mapping = {
    project: { format: 1, name: 'x', namespace: NAMESPACE, sources: { main: { url: 'memory:' } } },
    registries: new Map(),
    modules: [star, TEAM],
  };
  const module = compileModule(mapping, 'star');
  const mapper = rowMapper(module, { mapping, secrets: new Map(), registries: new Map() });
  return (cells) => {
    const accepted = mapper.map(module.columns.map((column) => cells[column] ?? null));
    const found = mapper.diagnostics.map(({ field, rule }) => `${field} ${rule}`);
    expect(accepted).toBe(found.length === 0);
    return [JSON.parse(mapper.out.record) as Record<string, unknown>, found];
  };
}

const REFERENCE: FieldMapping = { reference: 'team', columns: ['y', 't'] };
const Y: FieldMapping = { column: 'y', type: 'integer' };
const T: FieldMapping = { column: 't', type: 'string' };

describe('a reference that is null in part', () => {
  it('refers to nothing, where what is not null is in a field of its own', () => {
    const map = starOf({ team: REFERENCE, y: Y, t: T });
    const [record, found] = map({ id: 4, y: 2001, t: null });
    expect([record['team'], record['y'], found]).toEqual([null, 2001, []]);
    expect(map({ id: 1, y: 2001, t: 'B' })[0]['team']).not.toBeNull();
  });

  it('is found where the other column would get lost', () => {
    const map = starOf({ team: REFERENCE, t: T });
    expect(map({ id: 4, y: 2001, t: null })[1]).toEqual(['team reference-partial']);
    expect(map({ id: 5, y: null, t: 'B' })[1]).toEqual([]);
  });

  it('keeps what is part of the key, which stands in the lineage', () => {
    const map = starOf({ team: REFERENCE }, ['id', 'y']);
    expect(map({ id: 4, y: 2001, t: null })[1]).toEqual([]);
  });

  it('is found where the key holds the column only as it is compared', () => {
    const cells = { y: null, t: ' B' };
    expect(starOf({ team: REFERENCE }, ['t'])(cells)[1]).toEqual([]);
    const map = starOf({ team: REFERENCE }, ['t'], { transforms: ['trim'] });
    expect(map(cells)[1]).toEqual(['team reference-partial']);
    const kept = starOf({ team: REFERENCE, t: T }, ['t'], { transforms: ['trim'] });
    expect(kept(cells)[1]).toEqual([]);
  });

  it('is found wherever it has to match in full', () => {
    const map = starOf({ team: { ...REFERENCE, match: 'full' }, y: Y, t: T });
    expect(map({ id: 4, y: 2001, t: null })[1]).toEqual(['team reference-partial']);
    expect(map({ id: 4, y: null, t: null })[1]).toEqual([]);
  });

  it('never loses a cell without a word, whatever else is mapped', () => {
    const others = fc.record({ y: fc.boolean(), t: fc.boolean(), inKey: fc.boolean() });
    const cells = fc.record({
      y: fc.option(fc.integer({ min: 1 })),
      t: fc.option(fc.string({ minLength: 1 })),
    });
    fc.assert(
      fc.property(others, cells, (mapped, { y, t }) => {
        const fields = {
          team: REFERENCE,
          ...(mapped.y ? { y: Y } : {}),
          ...(mapped.t ? { t: T } : {}),
        };
        const map = starOf(fields, mapped.inKey && y !== null ? ['id', 'y'] : ['id']);
        const [record, found] = map({ id: 1, y, t });
        const kept = { y: mapped.y || mapped.inKey || y === null, t: mapped.t || t === null };
        const arrives = record['team'] !== null || (kept.y && kept.t);
        expect(found.length === 0).toBe(arrives);
      }),
    );
  });
});

const landOf = (id: ModuleMapping['id'], more: object = {}): ModuleMapping => ({
  module: 'land',
  source: { table: 'land' },
  key: [{ column: 'code', type: 'string', transforms: ['trim', 'lower'] }],
  id,
  fields: { code: { column: 'code', type: 'string', ...more } },
});
const TOWN: ModuleMapping = {
  module: 'town',
  source: { table: 'town' },
  key: [{ column: 'id', type: 'integer' }],
  id: { rule: 'uuid' },
  fields: {
    land: { reference: 'land', columns: ['land'] },
    lands: { column: 'lands', type: 'json', references: 'land' },
  },
};
function recordOf(modules: ModuleMapping[], name: string, cells: SourceValue[]): unknown {
  const project = { format: 1, name: 'x', namespace: NAMESPACE, sources: { main: { url: 'x' } } };
  const mapping = { project, registries: new Map(), modules } as Mapping;
  const context = { mapping, secrets: new Map(), registries: new Map() };
  const mapper = rowMapper(compileModule(mapping, name), context);
  expect(mapper.map(cells)).toBe(true);
  return JSON.parse(mapper.out.record);
}

describe('a key with transforms', () => {
  it('gives one id to all spellings, in the module and wherever it is referred to', () => {
    const modules = [landOf({ rule: 'uuid' }), TOWN];
    const { id } = recordOf(modules, 'land', ['CH']) as { id: string };
    const referring = recordOf(modules, 'town', [1, ' ch', '["Ch","CH "]']);
    expect(referring).toMatchObject({ land: id, lands: [id, id] });
  });

  it('changes kept keys and what refers to them alike', () => {
    const modules = [landOf({ rule: 'keep' }, { transforms: ['trim', 'lower'] }), TOWN];
    expect(recordOf(modules, 'land', ['CH '])).toEqual({ code: 'ch' });
    const referring = recordOf(modules, 'town', [1, 'Ch', '["Ch"]']);
    expect(referring).toMatchObject({ land: 'ch', lands: ['ch'] });
  });
});
