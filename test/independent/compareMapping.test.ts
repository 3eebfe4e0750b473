/**
 * The independent comparison follows what a mapping asks for, finds where a candidate does not, and
 * owns up to what it cannot compare.
 */

import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { type Comparer, startComparer } from './comparer.ts';
import { type HandMade, type HandMadeModule, type Json, writeHandMade } from './handMade.ts';
import { createRows, idOf, rowsCandidate } from './rowsFixture.ts';
import { createStepped, STEPPED_FIELDS, steppedCandidate } from './steppedFixture.ts';

/** File → what is made of its text. */
type Changes = Readonly<Record<string, (text: string) => string>>;

let folder = '';
let made = 0;
let comparer: Comparer;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'compare-mapping-'));
  comparer = startComparer();
  createStepped(join(folder, 'steps.db'));
  createRows(join(folder, 'rows.db'));
});

afterAll(async () => {
  await comparer.close();
  rmSync(folder, { recursive: true });
});

/** A candidate of which some files are changed. */
function write(candidate: HandMade, changes: Changes = {}): string {
  const dir = join(folder, `v${(made += 1)}`);
  mkdirSync(dir);
  writeHandMade(dir, candidate);
  for (const [file, change] of Object.entries(changes)) {
    const text = readFileSync(join(dir, file), 'utf8');
    expect(change(text)).not.toBe(text);
    writeFileSync(join(dir, file), change(text));
  }
  return dir;
}

/** Exit code and lines of output. */
async function compare(
  database: 'steps.db' | 'rows.db',
  candidate: HandMade,
  changes: Changes = {},
): Promise<{ status: number; lines: string[] }> {
  const dir = write(candidate, changes);
  const { status, output } = await comparer.compare(join(folder, database), dir);
  return { status, lines: output.split('\n').slice(0, -1) };
}

/** The same candidate with other members in the mapping of one module. */
function remapped(
  candidate: HandMade,
  name: string,
  change: (mapping: HandMadeModule['mapping']) => { readonly [member: string]: Json },
): HandMade {
  const modules = candidate.modules.map((module) => {
    const { mapping } = module;
    return mapping.module === name
      ? { ...module, mapping: { ...mapping, ...change(mapping) } }
      : module;
  });
  return { ...candidate, modules };
}

/** A change of a mapping: more members of one field. */
function field(
  name: string,
  more: { readonly [member: string]: Json },
): (mapping: HandMadeModule['mapping']) => { readonly [member: string]: Json } {
  return (mapping) => {
    const fields = mapping['fields'] as { readonly [n: string]: { readonly [m: string]: Json } };
    return { fields: { ...fields, [name]: { ...fields[name], ...more } } };
  };
}

const cells = STEPPED_FIELDS.length + 1;

describe('transforms, constants and combined fields', () => {
  it('pass where they are done right, and where rows that they refuse were rejected', async () => {
    const ran = await compare('steps.db', steppedCandidate());
    expect(ran).toEqual({ status: 0, lines: [`${cells} cells compared, all equal`] });
    expect(cells).toBeGreaterThan(35);
  });

  it('are each found where they were not done (negative control)', async () => {
    const { status, lines } = await compare('steps.db', steppedCandidate(STEPPED_FIELDS));
    expect(status).toBe(1);
    const found = STEPPED_FIELDS.map((name) => `steps, row 1, field "${name}": the value differs`);
    expect(lines.toSorted()).toEqual(found.toSorted());
  });

  it('are found where a row that they refuse became a record (negative control)', async () => {
    const candidate = steppedCandidate();
    const [module] = candidate.modules;
    const [record] = module?.records ?? [];
    const twice = { ...(record as { readonly [member: string]: Json }), id: 2 };
    const kept = [{ ...module, records: [record, twice] } as HandMadeModule];
    const { status, lines } = await compare('steps.db', { ...candidate, modules: kept });
    expect(status).toBe(1);
    expect(lines).toContain('steps: 1 records have no row');
    expect(lines).toContain(
      'steps, row 2: the mapping cannot hold the row: not a number with a decimal comma',
    );
  });

  it('hold null where the project lowers the rule that refuses a cell', async () => {
    const base = steppedCandidate();
    const lowered = {
      ...base,
      project: {
        ...base.project,
        severities: [{ field: 'dayInstead', rule: 'date-ambiguous', severity: 'WARNING' }],
      },
    };
    const [module] = base.modules;
    const record = module?.records[0] as { readonly [member: string]: Json };
    const modules = [
      { ...module, records: [record, { ...record, dayInstead: null, id: 4 }] } as HandMadeModule,
    ];
    expect(await compare('steps.db', { ...lowered, modules })).toEqual({
      status: 0,
      lines: [`${2 * cells} cells compared, all equal`],
    });
    expect((await compare('steps.db', lowered)).lines).toContain(
      'steps, row 4: no record has this key',
    );
  });
});

describe('rows that are filtered or merged, and ids that are made', () => {
  it('pass where they are right', async () => {
    const ran = await compare('rows.db', rowsCandidate());
    expect(ran).toEqual({ status: 0, lines: ['24 cells compared, all equal'] });
  });

  it.each<[string, string, (text: string) => string, string]>([
    [
      'a row that should be filtered',
      'members/data.ndjson',
      (text) => `${text}{"id":"ffffffff-0000-5000-8000-000000000000","name":"x","sponsor":null}\n`,
      'members: 1 records have no row',
    ],
    [
      'a row that should not be filtered',
      'members/data.ndjson',
      (text) => text.replace(/^.*"Bo".*\n/m, ''),
      'members, row 4: no record has this key',
    ],
    [
      'a value of rows that were merged',
      'members/data.ndjson',
      (text) => text.replace('"Ada"', '"Ad"'),
      'members, row 1, field "name": the value differs',
    ],
    [
      'a reference to a row that was filtered',
      'members/data.ndjson',
      (text) => text.replace('"Bo","sponsor":null', `"Bo","sponsor":"${idOf('members', 2)}"`),
      'members, row 4, field "sponsor": the value differs',
    ],
    [
      'merged rows that count as filtered',
      'checksums/run.json',
      (text) =>
        text.replace(
          '"emitted":4,"emitting":4,"filtered":6,"merged":1,',
          '"emitted":3,"emitting":3,"filtered":7,"merged":0,',
        ),
      'run.json, module members: the accounting is not what the source and the records say',
    ],
    [
      'a row whose parent has no row that was kept',
      'orders/data.ndjson',
      (text) => text.replace(idOf('orders', 5), idOf('orders', 4)),
      'orders, row 5: no record has this key',
    ],
    [
      'a reference to a row that is not there',
      'rooms/data.ndjson',
      (text) => text.replace('"near":null,"next":null', '"near":"a","next":null'),
      'field "near": the value differs',
    ],
    [
      'a reference of which half is null',
      'rooms/data.ndjson',
      (text) => text.replace('"next":null,"nextHouse":"a"', '"next":"a","nextHouse":"a"'),
      'rooms, row 2, field "next": the value differs',
    ],
    [
      'an ordinal that is not of the content',
      'notes/data.ndjson',
      (text) => text.replace(/"id":"[0-9a-f]{8}/, '"id":"00000000'),
      'notes: 1 records have no row',
    ],
    [
      'an id that is known elsewhere',
      'countries/data.ndjson',
      (text) => text.replace(/"id":"[0-9a-f]{8}/, '"id":"00000000'),
      'countries, row 1: no record has this key',
    ],
  ])('find %s (negative control)', async (_, file, change, found) => {
    const { status, lines } = await compare('rows.db', rowsCandidate(), { [file]: change });
    expect(status).toBe(1);
    expect(lines.join('\n')).toContain(found);
  });
});

describe('what is not known', () => {
  it.each<[string, string, { readonly [member: string]: Json }, string]>([
    ['a transform', 'upper', { transforms: ['soundex'] }, 'the transform "soundex" is not known'],
    [
      'a transform with options',
      'upper',
      { transforms: [{ soundex: 4 }] },
      'the transform "soundex" is not known',
    ],
    [
      'an option of a transform',
      'part',
      { transforms: [{ split: '/', part: 2, from: 'end' }] },
      'an option of the transform "split" is not known',
    ],
    [
      'a pattern of dates',
      'day',
      { transforms: [{ date: { pattern: 'dd MMM yy' } }] },
      'a pattern of the transform "date" is not known',
    ],
    ['a type', 'upper', { type: 'colour' }, 'its type is not known'],
    ['an option of a field', 'upper', { onMissing: 'null' }, 'what "onMissing" means is not known'],
    [
      'another way to combine',
      'joined',
      { combine: 'shortest' },
      'how its columns are combined is not known',
    ],
    [
      'a pattern that is RE2 alone',
      'matched',
      { pattern: '\\pL+-[[:digit:]]+' },
      'its pattern may mean something else in Python',
    ],
    [
      'ids inside an array',
      'parts',
      { references: [{ module: 'steps', path: '/*' }] },
      'what becomes of ids inside it is not known',
    ],
  ])('%s: exit 2, and all else is compared', async (_, name, more, why) => {
    const candidate = remapped(steppedCandidate(), 'steps', field(name, more));
    expect(await compare('steps.db', candidate)).toEqual({
      status: 2,
      lines: [
        `steps, field "${name}": not compared: ${why}`,
        'not compared: 1 field',
        `${cells - 1} cells compared, all equal`,
      ],
    });
  });

  it('what case a character has that this Python does not know', async () => {
    const upper = field('unassigned', { transforms: ['upper'] });
    const ran = await compare('steps.db', remapped(steppedCandidate(), 'steps', upper));
    expect(ran.status).toBe(2);
    expect(ran.lines[0]).toMatch(
      /^steps, field "unassigned": not compared: Unicode [\d.]+ lacks a character of it$/,
    );
    expect(ran.lines[2]).toBe(`${cells - 1} cells compared, all equal`);
  });

  it('does not hide what differs beside it (negative control)', async () => {
    const unknown = field('upper', { transforms: ['soundex'] });
    const { status, lines } = await compare(
      'steps.db',
      remapped(steppedCandidate(['comma']), 'steps', unknown),
    );
    expect(status).toBe(1);
    expect(lines.slice(0, 2)).toEqual([
      'steps, row 1, field "comma": the value differs',
      'steps, field "upper": not compared: the transform "soundex" is not known',
    ]);
  });

  it('does not hide a row that is missing, unless the run says that it was rejected', async () => {
    const unknown = field('upper', { transforms: ['soundex'] });
    const candidate = remapped(steppedCandidate(), 'steps', unknown);
    const lost = { 'steps/data.ndjson': () => '' };
    const { status, lines } = await compare('steps.db', candidate, lost);
    expect(status).toBe(1);
    expect(lines).toContain(
      'run.json, module steps: the count is not the number of records, or not that of rows',
    );
  });

  it('a query: nothing that depends on its rows is compared', async () => {
    const rows = rowsCandidate();
    const candidate = remapped(rows, 'members', (mapping) => ({
      ...field('name', { transforms: ['upper'], type: 'string' })(mapping),
      source: { sql: 'SELECT * FROM members', base: { table: 'members', key: { nr: 'nr' } } },
    }));
    const why = 'it depends on "members", and there its rows are those of a query';
    expect(await compare('rows.db', candidate)).toEqual({
      status: 2,
      lines: [
        'members, field "name": not compared: its rows are those of a query',
        'members, field "sponsor": not compared: its rows are those of a query',
        `orders, field "member": not compared: ${why}`,
        `orders, field "previous": not compared: ${why}`,
        'not compared: 4 fields',
        '12 cells compared, all equal',
      ],
    });
  });

  it('what a reference asks for where no row is there', async () => {
    const asking = remapped(rowsCandidate(), 'rooms', field('next', { onMissing: 'later' }));
    const why = 'what "onMissing" asks for is not known';
    expect(await compare('rows.db', asking)).toEqual({
      status: 2,
      lines: [
        `rooms, field "next": not compared: ${why}`,
        'not compared: 1 field',
        '21 cells compared, all equal',
      ],
    });
  });

  it.each<[string, { readonly [member: string]: Json }, string]>([
    ['a member of a module', { sampled: true }, 'what "sampled" means is not known'],
    ['a rule of ids', { id: { rule: 'counted' } }, 'the rule of its ids is not known'],
    [
      'a condition',
      { where: [{ column: 'what', like: 'a%' }] },
      'a condition of "where" is not known',
    ],
  ])('%s: nothing of the module is compared', async (_, more, why) => {
    const { lines } = await compare(
      'rows.db',
      remapped(rowsCandidate(), 'notes', () => more),
    );
    expect(lines).toContain(`notes, field "what": not compared: ${why}`);
    expect(lines.at(-1)).toMatch(/^21 cells compared, all equal$/);
  });

  it('rows of another database, unless that is named, too', async () => {
    const candidate = remapped(rowsCandidate(), 'notes', () => ({
      source: { name: 'shop', table: 'notes' },
    }));
    const [main, shop] = ['main.db', 'shop.db'].map((name) => join(folder, name));
    createRows(main ?? '', ['notes']);
    createRows(shop ?? '', ['members', 'orders', 'countries', 'rooms']);
    const dir = write(candidate, {
      'checksums/run.json': (text) =>
        text
          .replace('{"rows":3,"table":"notes"},', '')
          .replace(']}]', ']},{"name":"shop","tables":[{"rows":3,"table":"notes"}]}]'),
    });
    const both = await comparer.compare(main ?? '', dir, ['main', `shop=${shop}`]);
    expect(both).toEqual({ status: 0, output: '24 cells compared, all equal\n' });
    const one = await comparer.compare(main ?? '', dir, ['main']);
    expect(one.status).toBe(2);
    expect(one.output).toContain('notes, field "what": not compared: it is of another source');
  });

  it('a member of the project: exit 2', async () => {
    const rows = rowsCandidate();
    const candidate = { ...rows, project: { ...rows.project, renamed: {} } };
    expect(await compare('rows.db', candidate)).toEqual({
      status: 2,
      lines: [
        'project.json, field "renamed": not compared: what it means is not known',
        'not compared: 1 field',
        '24 cells compared, all equal',
      ],
    });
  });
});
