/** Every field type and every awkward field name, through real runs with hand-written mappings. */

import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { beforeAll, describe, expect, it } from 'vitest';

import {
  candidateOf,
  compareCells,
  hasProgram,
  linesOf,
  migrate,
  recordsOf,
  succeed,
  validatorOf,
  workFolder,
  writeMapping,
} from '../kit/project.ts';
import { canonical, type Json } from '../independent/handMade.ts';
import { digest, EXAMPLES, FILE } from './typeExamples.ts';

const folder = workFolder('types');
const PYTHON = hasProgram('python3');
/** Names that careless code reorders, escapes twice or takes for something else. */
const NAMES: readonly string[] = [
  '10',
  '9',
  '1',
  '01',
  '4294967295',
  'quote"',
  'back\\slash',
  'tab\t',
  'nul\0',
  'separator\u2028',
  'é',
  'e\u0301',
  '\u{1F600}', // 0xD83D in UTF-16, before the next two; behind them in UTF-8
  '\uFF5E',
  '\uFFFD',
  'constructor',
  'toString',
  'toJSON',
  "it's ${x} `y`",
  '~a',
  ' ',
  'Z',
  'a',
];
const CALM = NAMES.filter((name) => !/^\d+$/.test(name));

function createDatabase(file: string): void {
  const db = new Database(file);
  const columns = Object.keys(EXAMPLES);
  db.exec(`CREATE TABLE kinds (id INTEGER PRIMARY KEY, ${columns.join(', ')});
    CREATE TABLE names (k INTEGER PRIMARY KEY, v TEXT, w TEXT)`);
  for (const [row] of EXAMPLES['text']?.cells.entries() ?? []) {
    const cells = Object.values(EXAMPLES).map((example) => example.cells[row]?.[0]);
    db.exec(`INSERT INTO kinds VALUES (${row + 1}, ${cells.join(', ')})`);
  }
  db.exec(`INSERT INTO names VALUES (1, 'one', '{"b":1,"a":2}'), (2, 'two', '[]')`);
  db.close();
}

const INTEGER = { column: 'k', type: 'integer' };

/** Fields of the given names; every other one an integer, so that no two are the same. */
function named(names: readonly string[]): object {
  const fields = names.map((name, n) => [name, { column: 'v', type: 'string', maxLength: n + 9 }]);
  return Object.fromEntries(fields) as object;
}

const project = join(folder, 'project');
const database = join(folder, 'types.db');

beforeAll(async () => {
  createDatabase(database);
  const kinds = Object.entries(EXAMPLES).map(([name, { type, options }]) => [
    name,
    { column: name, type, ...options },
  ]);
  const source = { table: 'names' };
  const dropped = { w: 'not needed' };
  const uuid = { key: [INTEGER], id: { rule: 'uuid', field: '5' }, source };
  const keyless = { key: [], source, blind: 'pepper' };
  const json = { raw: { column: 'w', type: 'json' } };
  writeMapping(project, {
    sources: { main: 'sqlite:../types.db' },
    modules: {
      kinds: {
        source: { table: 'kinds' },
        key: [{ column: 'id', type: 'integer' }],
        id: { rule: 'keep' },
        fields: {
          id: { column: 'id', type: 'integer' },
          ...(Object.fromEntries(kinds) as object),
        },
      },
      'names-calm': { ...uuid, id: { rule: 'uuid' }, fields: named(CALM), dropped },
      'names-integers': { ...uuid, fields: named(NAMES), dropped },
      'names-raw': { ...uuid, blind: 'pepper', fields: { ...named(NAMES), ...json } },
      'names-keyless': {
        ...keyless,
        id: { rule: 'keyless', field: '~!' },
        fields: { ...named(NAMES), ...json, k: INTEGER },
      },
      'names-first': {
        ...keyless,
        id: { rule: 'keyless', field: '\u0001', key: 'pepper' },
        fields: { ...named(NAMES), k: INTEGER },
        dropped,
      },
      'names-last': {
        ...keyless,
        id: { rule: 'keyless', field: '\uFFFE' },
        fields: { w: { column: 'w', type: 'string' }, '}"{,': INTEGER },
        dropped: { v: 'not needed' },
      },
    },
  });
  const env = { SEALIFT_KEY_PEPPER: 'ab'.repeat(16) + 'cd'.repeat(16) };
  await migrate(project, ['--allow-blockers'], { env });
});

describe('a field of type', () => {
  for (const [name, { type, cells }] of Object.entries(EXAMPLES)) {
    it(`${type} (${name}) holds what the cell holds, in canonical form`, () => {
      const records = recordsOf(project, 'kinds');
      expect(records.map((record) => record[name])).toEqual(cells.map(([, value]) => value));
    });
  }

  it('blob stores equal content once, and nothing else', () => {
    const blobs = join(candidateOf(project), 'kinds/blobs');
    expect(readdirSync(blobs).sort()).toEqual([digest(FILE), digest(Buffer.alloc(0))].sort());
    expect(readFileSync(join(blobs, digest(FILE))).equals(FILE)).toBe(true);
    expect(existsSync(join(candidateOf(project), 'names-raw/blobs'))).toBe(false);
  });
});

describe('the records of the run', () => {
  const modules = ['kinds', 'names-calm', 'names-first', 'names-integers', 'names-keyless'].concat(
    'names-last',
    'names-raw',
  );

  it.each(modules)('of %s are canonical (RFC 8785)', (module) => {
    const lines = linesOf(project, module);
    expect(lines.length).toBe(module === 'kinds' ? 4 : 2);
    for (const line of lines) expect(line).toBe(canonical(JSON.parse(line) as Json));
  });

  it.each(modules)('of %s are valid against their schema', (module) => {
    const valid = validatorOf(project, module);
    expect(recordsOf(project, module).map(valid)).not.toContain(false);
    expect(valid({})).toBe(false);
  });

  it('have every field that the mapping names, whatever its name', () => {
    const first = recordsOf(project, 'names-raw').find((record) => record['Z'] === 'one');
    expect(Object.keys(first ?? {}).sort()).toEqual([...NAMES, '5', 'raw', '~'].sort());
    for (const name of NAMES) expect(first?.[name]).toBe('one');
    const literal = recordsOf(project, 'names-calm').map((record) => Object.keys(record).sort());
    expect(literal[0]).toEqual([...CALM, 'id'].sort());
  });

  it('put a made-up id and ~ where their names stand in UTF-16 order', () => {
    const [keyless = ''] = linesOf(project, 'names-keyless');
    expect(keyless.indexOf('"~":')).toBeLessThan(keyless.indexOf('"~!":'));
    expect(keyless.indexOf('"~!":')).toBeLessThan(keyless.indexOf('"~a":'));
    expect(linesOf(project, 'names-first')[0]).toMatch(/^\{"\\u0001":"[0-9a-f]{8}-/);
    expect(linesOf(project, 'names-last')[0]).toMatch(/,"~":"[^"]{22}","\uFFFE":"[^"]{36}"\}$/);
  });

  it.skipIf(!PYTHON)('hold every cell of the source, as an independent script reads it', () => {
    const ran = compareCells(database, project);
    expect(ran.stdout + ran.stderr).toMatch(/^\d{3} cells compared, all equal\n/);
  });

  it('verify', async () => {
    const ran = await succeed(['verify-checksums', '--project', project]);
    expect(ran.stdout).toContain('verify-checksums: PASS');
  });
});
