/** Ids inside arrays and JSON: each is found where its path says, and changed in its place. */

import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { openFindings } from '../../src/findings/findingStore.ts';
import { dryRun } from '../../src/flow/dryRun.ts';
import { compileModule } from '../../src/mapping/compile/module.ts';
import { changedAt, isOffPath, pathsMeet, valuesAt } from '../../src/mapping/idPath.ts';
import type { ColumnField, IdRule, Mapping, ModuleMapping } from '../../src/mapping/model.ts';
import { rowMapper } from '../../src/mapping/compile/rowMapper.ts';
import { parseJson } from '../../src/record/jsonText.ts';
import { uuidV5 } from '../../src/record/uuid.ts';
import { JsonNode, type JsonValue, type SourceValue } from '../../src/record/value.ts';
import { writeMapping } from '../kit/project.ts';
import { ENVIRONMENT, temporaryFolder } from '../fault/fixture.ts';
import { NAMESPACE } from './project.ts';

const REGISTRY = new Map([
  ['dog-1', '0b9a4b6c-3c1e-4f5e-8b57-0f3f4f1d2a01'],
  ['dog-2', '0b9a4b6c-3c1e-4f5e-8b57-0f3f4f1d2a02'],
]);

interface Setting {
  readonly id: IdRule;
  readonly field: Omit<ColumnField, 'column'>;
  readonly keyType?: string;
  /** Legacy keys that rows have, as canonical JSON. */
  readonly present?: ReadonlySet<string>;
}

/** Maps one cell of a field with ids of module `dog`: the field's JSON, and `rule: reason` of diagnostics. */
function mapOf({ id, field, keyType = 'string', present }: Setting) {
  const dog: ModuleMapping = {
    module: 'dog',
    source: { table: 'dog' },
    key: [{ column: 'id', type: keyType }],
    id,
    fields: { id: { column: 'id', type: keyType } },
  };
  const course: ModuleMapping = {
    module: 'course',
    source: { table: 'course' },
    key: [{ column: 'id', type: 'integer' }],
    id: { rule: 'uuid' },
    fields: { dogs: { column: 'dogs', ...field } },
  };
  const mapping: Mapping = {
    project: { format: 1, name: 'x', namespace: NAMESPACE, sources: { main: { url: 'memory:' } } },
    registries: new Map([['dog', 'registries/dog.ndjson']]),
    modules: [course, dog],
  };
  const module = compileModule(mapping, 'course');
  const mapper = rowMapper(module, {
    mapping,
    secrets: new Map(),
    registries: new Map([['dog', REGISTRY]]),
    ...(present === undefined ? {} : { present: new Map([['dog', present]]) }),
  });
  return (dogs: SourceValue): { readonly json: unknown; readonly found: readonly string[] } => {
    mapper.map(module.columns.map((column) => (column === 'dogs' ? dogs : 1)));
    const record = JSON.parse(mapper.out.record) as Record<string, unknown>;
    const found = mapper.diagnostics.map(({ rule, reason }) => `${rule}: ${reason}`);
    return { json: record['dogs'], found };
  };
}

const uuidOf = (key: string): string => uuidV5(NAMESPACE, '["dog",', ']')(JSON.stringify(key));
const UUID: IdRule = { rule: 'uuid' };
const LIST = { type: 'array(uuid)', references: 'dog' } as const;

describe('ids in an array', () => {
  it('become those of the registry: in their order, twice where they are twice, null where null', () => {
    const map = mapOf({ id: { rule: 'registry', registry: 'dog' }, field: LIST });
    const [one, two] = [...REGISTRY.values()];
    expect(map('["dog-2","dog-1","dog-2",null]')).toEqual({
      json: [two, one, two, null],
      found: [],
    });
    expect(map(new JsonNode(['dog-1']))).toEqual({ json: [one], found: [] });
    expect(map('[]')).toEqual({ json: [], found: [] });
    expect(map(null)).toEqual({ json: null, found: [] });
    const [found] = map('["dog-1","dog-9"]').found;
    expect(found).toBe('registry: the registry has no entry for an id in the value');
  });

  it('become the UUIDs that a single reference would have', () => {
    const ids = fc.array(fc.option(fc.string()));
    const map = mapOf({ id: UUID, field: LIST });
    fc.assert(
      fc.property(ids, (dogs) => {
        const json = dogs.map((dog) => (dog === null ? null : uuidOf(dog)));
        expect(map(JSON.stringify(dogs))).toEqual({ json, found: [] });
      }),
    );
  });

  it('are converted by the type of the key, as text and as numbers', () => {
    const map = mapOf({ id: UUID, field: LIST, keyType: 'integer' });
    const made = uuidV5(NAMESPACE, '["dog",', ']')('5');
    expect(map('[5,"5"]').json).toEqual([made, made]);
    expect(map('["x"]').found).toEqual(['type: the value is not an integer']);
    expect(map('[[5]]').found).toEqual(['type: the value is not a UUID']);
  });

  it('may come out of a transform', () => {
    const map = mapOf({ id: UUID, field: { ...LIST, transforms: [{ split: ';' }] } });
    expect(map('a;b').json).toEqual([uuidOf('a'), uuidOf('b')]);
  });

  it('become null where no row has them and the mapping says so, with a finding', () => {
    const present = new Set(['"a"']);
    for (const id of [UUID, { rule: 'keep' }] as const) {
      const type = id.rule === 'keep' ? 'array(string)' : 'array(uuid)';
      const map = mapOf({ id, field: { ...LIST, type, onMissing: 'null' }, present });
      const kept = id.rule === 'keep' ? 'a' : uuidOf('a');
      expect(map('["a"]')).toEqual({ json: [kept], found: [] });
      const one = 'reference-missing: an id in it matches no row of module dog, and became null';
      expect(map('["b","a",null]')).toEqual({ json: [null, kept, null], found: [one] });
      const many = 'reference-missing: 2 ids in it match no row of module dog, and became null';
      expect(map('["b","a",7]')).toEqual({ json: [null, kept, null], found: [many] });
    }
  });

  it('stay as they are where the module keeps its ids', () => {
    const field = { type: 'array(string)', references: 'dog' } as const;
    expect(mapOf({ id: { rule: 'keep' }, field })('["a"]')).toEqual({ json: ['a'], found: [] });
  });
});

describe('ids in JSON', () => {
  it('are changed at their paths alone', () => {
    const references = [
      { path: '/items/*/dogId', module: 'dog' },
      { path: '/by~1name/*', module: 'dog' },
    ];
    const map = mapOf({ id: UUID, field: { type: 'json', references } });
    const before = { 'by/name': { x: 'a' }, items: [{ dogId: 'b', n: 'b' }, {}, 7], dogId: 'c' };
    const after = {
      'by/name': { x: uuidOf('a') },
      items: [{ dogId: uuidOf('b'), n: 'b' }, {}, 7],
      dogId: 'c',
    };
    expect(map(JSON.stringify(before))).toEqual({ json: after, found: [] });
    expect(map('{"items":[{"dogId":["b"]}]}').found).toEqual([
      'type: a path to ids matches an array or object',
    ]);
    expect(map('no json').found[0]).toContain('not strict JSON');
  });

  it('are every scalar where no path is given, and the root where it is one', () => {
    const map = mapOf({ id: UUID, field: { type: 'json', references: 'dog' } });
    expect(map('{"a":["x",null],"b":"y"}').json).toEqual({
      a: [uuidOf('x'), null],
      b: uuidOf('y'),
    });
    expect(map('"x"').json).toBe(uuidOf('x'));
  });
});

const TOKENS = fc.constantFrom('a', 'b', '*', '0', '1', 'length');
const PATHS = fc.option(fc.array(TOKENS, { maxLength: 4 }));
const { tree: TREE } = fc.letrec<{ tree: unknown }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 4 },
    fc.constantFrom(null, 1, 'x', true),
    fc.array(tie('tree'), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom('a', 'b', '0', '*'), tie('tree'), { maxKeys: 3 }),
  ),
}));

/** JSON of a value without loss, which holds nothing that a double would change. */
function plain(value: JsonValue): unknown {
  if (value instanceof Map) {
    const members = value as ReadonlyMap<string, JsonValue>;
    return Object.fromEntries([...members].map(([name, inner]) => [name, plain(inner)]));
  }
  return Array.isArray(value) ? value.map(plain) : value;
}

/** What dry-run says of one table `course` with these values of `plan`: `row: reason`. */
async function dryRunOf(path: string, plans: readonly unknown[]): Promise<string[]> {
  const project = temporaryFolder();
  const rows = plans.map((plan, id) => `${JSON.stringify({ id, plan })}\n`);
  writeFileSync(join(project, 'dog.ndjson'), '{"id":2}\n');
  writeFileSync(join(project, 'course.ndjson'), rows.join(''));
  const part = { key: [{ column: 'id', type: 'integer' }], id: { rule: 'uuid' } };
  const id = { column: 'id', type: 'integer' };
  const plan = { column: 'plan', type: 'json', references: [{ path, module: 'dog' }] };
  writeMapping(project, {
    sources: { main: 'ndjson:course.ndjson', dogs: 'ndjson:dog.ndjson' },
    modules: {
      dog: { ...part, source: { name: 'dogs', table: 'dog' }, fields: { number: id } },
      course: { ...part, source: { table: 'course' }, fields: { number: id, plan } },
    },
  });
  const found = openFindings(project);
  const options = { project, here: project, sources: new Map(), workers: 1, memory: 2 ** 27 };
  try {
    const { findings } = await dryRun(options, ENVIRONMENT, found);
    return [...findings].map(({ severity, rule, field, source, reason }) => {
      return `${severity} ${rule} ${field ?? ''} ${source?.row ?? '-'}: ${reason}`;
    });
  } finally {
    found.close();
    rmSync(project, { recursive: true });
  }
}

const EARLY =
  'path "/dogs/*/id" ends early, at a value of another form: ids there are not converted';

describe('a value of another form than a path', () => {
  it('is told of each record that has one', async () => {
    const plans = [{ dogs: [{ id: 2 }] }, { dogs: { id: 2 } }, { dogs: [2] }, { dogs: 2 }, 2];
    const none = [{ dogs: [] }, { dogs: null }, { dogs: [null, {}] }, {}, null];
    const found = await dryRunOf('/dogs/*/id', [...plans, ...none]);
    expect(found).toEqual(
      [2, 3, 4, 5].map((row) => `WARNING reference-path plan ${row}: ${EARLY}`),
    );
  });

  it('is told once for all, where the path matches nothing in any record', async () => {
    expect(await dryRunOf('/dogs/*/id', [{ dogs: [2] }, { dogs: { id: 2 } }])).toEqual([
      'WARNING reference-path plan -: path "/dogs/*/id" matches nothing in any record',
    ]);
  });

  it.each([
    ['a name at an array', ['dogs', 'id'], { dogs: [{ id: 2 }] }],
    ['a number at an object', ['dogs', '0'], { dogs: { id: 2 } }],
    ['any at a text', ['*'], 'a'],
  ])('%s', (_, path, value) => {
    expect(isOffPath(value, path)).toBe(true);
  });

  it.each([
    ['the end', ['dogs', 'id'], { dogs: { id: [2] } }],
    ['a number that is a name', ['0', 'id'], { 0: { id: 2 } }],
    ['numbers that are names', ['0', 'id'], { 1: { id: 2 } }],
    ['an index beyond the end', ['1', 'id'], [{ id: 2 }]],
    ['an empty array for an object', ['dogs', 'id'], { dogs: [] }],
    ['no path', null, 2],
  ])('is none: %s', (_, path, value) => {
    expect(isOffPath(value, path)).toBe(false);
  });
});

describe('a path', () => {
  it('leads a mapper and a scan to the same values, each once', () => {
    fc.assert(
      fc.property(TREE, PATHS, (tree, path) => {
        const ends: unknown[] = [];
        const mark = (end: JsonValue): JsonValue => {
          ends.push(plain(end));
          return 'marked';
        };
        const changed = plain(changedAt(parseJson(JSON.stringify(tree)), path, mark));
        const before = [...valuesAt(tree, path)];
        expect(ends.map((end) => JSON.stringify(end)).sort()).toEqual(
          before.map((value) => JSON.stringify(value)).sort(),
        );
        expect([...valuesAt(changed, path)]).toEqual(before.map(() => 'marked'));
      }),
      { numRuns: 500 },
    );
  });

  it('meets another where a value stands at the end of both', () => {
    fc.assert(
      fc.property(TREE, PATHS, PATHS, (tree, a, b) => {
        // Scalars told apart by their place.
        let number = 0;
        const numbered = JSON.parse(JSON.stringify(tree), (_, value: unknown) =>
          typeof value === 'object' && value !== null ? value : (number += 1),
        ) as unknown;
        const scalars = (path: typeof a): Set<unknown> =>
          new Set([...valuesAt(numbered, path)].filter((value) => typeof value === 'number'));
        if ([...scalars(a)].some((value) => scalars(b).has(value))) {
          expect(pathsMeet(a, b)).toBe(true);
        }
      }),
      { numRuns: 500 },
    );
    expect(pathsMeet(['a', '*'], ['a', 'b'])).toBe(true);
    expect(pathsMeet(['a', 'c'], ['a', 'b'])).toBe(false);
    expect(pathsMeet(['a'], ['a', 'b'])).toBe(false);
  });
});
