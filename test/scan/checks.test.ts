/** Each check over records, with what it has to find beside what it must not. */

import { declaredPii } from '../kit/declaredPii.ts';
import { existsSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { ModuleMapping } from '../../src/mapping/model.ts';
import type { Finding } from '../../src/outcome/finding.ts';
import { scanCandidate, type Provenance } from '../../src/scan/scanCandidate.ts';
import {
  brief,
  mappingOf,
  module,
  scanned,
  scratchFolder,
  text,
  writeCandidate,
} from './candidate.ts';

const U1 = '298078c0-a51a-585a-ad9c-a42a56944097';
const U2 = '589cc59c-d56d-5486-95f9-3b38c05e356f';

/** A provisional candidate whose rows are numbered from 100, with failed cells by `module/ordinal`. */
function provenance(
  failed: Readonly<Record<string, readonly string[]>> = {},
  earlier: Readonly<Record<string, string>> = {},
): Provenance {
  return {
    rowOf: (name, ordinal) => ({ table: name, row: 100 + ordinal }),
    sharesRows: () => false,
    failedFields: (name, ordinal) => new Set(failed[`${name}/${ordinal}`]),
    findingOf: (name, ordinal, field) => earlier[`${name}/${ordinal}/${field ?? ''}`],
  };
}

describe('references', () => {
  const dogs = module('dogs', {});
  const walks = module(
    'walks',
    { dog: text('dog'), day: text('day') },
    { references: [{ fields: ['dog'], module: 'dogs', to: ['id'] }] },
  );

  it('finds a value that no record has, and no null', async () => {
    const folder = writeCandidate({
      dogs: [{ id: 'd1' }],
      walks: [
        { id: 'w1', dog: 'd1', day: null },
        { id: 'w2', dog: 'd9', day: null },
        { id: 'w3', dog: null, day: null },
      ],
    });
    const found = await scanned(mappingOf([dogs, walks]), folder);
    expect(brief(found)).toEqual(['reference walks ["w2"] dog']);
    expect(found[0]?.severity).toBe('BLOCKER');
    expect(JSON.stringify(found)).not.toContain('d9');
  });

  it('compares composite ones as a whole: both parts exist, their pair does not', async () => {
    const slots = module('slots', { day: text('day'), room: text('room') });
    const bookings = module(
      'bookings',
      { day: text('day'), room: text('room') },
      { references: [{ fields: ['day', 'room'], module: 'slots', to: ['day', 'room'] }] },
    );
    const folder = writeCandidate({
      slots: [
        { id: 's1', day: 'mon', room: 'a' },
        { id: 's2', day: 'tue', room: 'b' },
        { id: 's3', day: 'mo', room: 'na' },
      ],
      bookings: [
        { id: 'b1', day: 'mon', room: 'a' },
        { id: 'b2', day: 'mon', room: 'b' },
        { id: 'b3', day: 'mona', room: '' },
        { id: 'b4', day: null, room: 'z' },
      ],
    });
    expect(brief(await scanned(mappingOf([slots, bookings]), folder))).toEqual([
      'reference bookings ["b2"] day+room',
      'reference bookings ["b3"] day+room',
    ]);
  });

  it('takes one that is null in part for none, unless it has to match in full', async () => {
    const slots = module('slots', { day: text('day'), room: text('room') });
    const bookings = (match: object): ModuleMapping => {
      const reference = { fields: ['day', 'room'], module: 'slots', to: ['day', 'room'], ...match };
      return module('bookings', slots.fields, { references: [reference] });
    };
    const folder = writeCandidate({
      slots: [{ id: 's1', day: 'mon', room: 'a' }],
      bookings: [
        { id: 'b1', day: 'mon', room: null },
        { id: 'b2', day: null, room: null },
        { id: 'b3', day: 'mon', room: 'a' },
      ],
    });
    const found = async (match: object): Promise<string[]> =>
      brief(await scanned(mappingOf([slots, bookings(match)]), folder));
    expect(await found({})).toEqual([]);
    expect(await found({ match: 'simple' })).toEqual([]);
    const partial = ['reference-partial bookings ["b1"] day+room'];
    expect(await found({ match: 'full' })).toEqual(partial);
  });

  it('follows ids, also within the own module and inside arrays and JSON', async () => {
    const people = module(
      'people',
      {
        boss: { reference: 'people', columns: ['boss'] },
        friends: { column: 'friends', type: 'array(uuid)', references: 'people' },
        notes: { column: 'notes', type: 'json', references: 'people' },
      },
      { id: { rule: 'keyless' }, key: [] },
    );
    const { id: _, ...fields } = people.fields;
    const mapping = mappingOf([{ ...people, fields }]);
    const sound = { id: U1, boss: null, friends: [U1, U2, null], notes: [[U1], { a: U2 }] };
    const folder = writeCandidate({
      people: [sound, { id: U2, boss: U1.replace('2', '3'), friends: ['x'], notes: { a: [7] } }],
    });
    expect(brief(await scanned(mapping, folder))).toEqual([
      `reference people ${U2} boss`,
      `reference people ${U2} friends`,
      `reference people ${U2} notes`,
    ]);
  });

  it('compares fields of different types by what they say', async () => {
    const parents = module('parents', { nr: { column: 'nr', type: 'integer' } });
    const children = module(
      'children',
      { nr: text('nr'), price: { column: 'price', type: 'decimal(2)' } },
      {
        references: [
          { fields: ['nr'], module: 'parents', to: ['nr'] },
          { fields: ['price'], module: 'parents', to: ['nr'] },
        ],
      },
    );
    const folder = writeCandidate({
      parents: [{ id: 'p', nr: 5 }],
      children: [
        { id: 'c1', nr: '5', price: '5.00' },
        { id: 'c2', nr: '5.0', price: '5.50' },
      ],
    });
    expect(brief(await scanned(mappingOf([parents, children]), folder))).toEqual([
      'reference children ["c2"] nr',
      'reference children ["c2"] price',
    ]);
  });

  it('says where a key differs only in case and whitespace, and offers a way', async () => {
    const folder = writeCandidate({
      dogs: [{ id: 'D1' }, { id: 'd2' }],
      walks: ['D1', 'd1', 'D1 ', 'd3'].map((dog, at) => ({ id: `w${at}`, dog, day: null })),
    });
    for (const memory of [2 ** 20, 1]) {
      const found = await scanned(mappingOf([dogs, walks]), folder, { memory });
      expect(
        found.map(({ recordId, reason }) => [recordId, reason.includes('transforms')]),
      ).toEqual([
        ['["w1"]', true],
        ['["w2"]', true],
        ['["w3"]', false],
      ]);
    }
  });

  it('says nothing of a cell that failed already', async () => {
    const folder = writeCandidate({ dogs: [], walks: [{ id: 'w1', dog: 'd9', day: null }] });
    const mapping = mappingOf([dogs, walks]);
    const failed = { provenance: provenance({ 'walks/0': ['dog'] }) };
    expect(await scanned(mapping, folder, failed)).toEqual([]);
    const [other] = await scanned(mapping, folder, { provenance: provenance() });
    expect(other).toMatchObject({ rule: 'reference', source: { table: 'walks', row: 100 } });
  });

  it('takes every reference for broken where the file of the parents is missing', async () => {
    const folder = writeCandidate({ walks: [{ id: 'w1', dog: 'd1', day: null }] });
    const found = await scanned(mappingOf([dogs, walks]), folder);
    expect(brief(found)).toEqual(['file-missing dogs - ', 'reference walks ["w1"] dog']);
  });

  it('checks the records of some modules against those of all', async () => {
    const folder = writeCandidate({
      dogs: [{ id: 'd1' }, 'no record'],
      walks: [{ id: 'w2', dog: 'd9', day: null }],
    });
    const found = await scanned(mappingOf([dogs, walks]), folder, { modules: ['walks'] });
    expect(brief(found)).toEqual(['reference walks ["w2"] dog']);
  });
});

describe('keys and unique sets', () => {
  it('finds groups of equal values, without nulls, and names all members', async () => {
    const dogs = module(
      'dogs',
      { chip: text('chip'), name: text('name') },
      { unique: [['chip'], ['chip', 'name']] },
    );
    const folder = writeCandidate({
      dogs: [
        { id: 'a', chip: '1', name: 'x' },
        { id: 'b', chip: null, name: 'x' },
        { id: 'c', chip: null, name: 'x' },
        { id: 'd', chip: '1', name: 'y' },
        { id: 'e', chip: '2', name: 'y' },
        { id: 'f', chip: '1', name: 'y' },
      ],
    });
    const found = await scanned(mappingOf([dogs]), folder);
    expect(brief(found)).toEqual(['unique dogs 1,4,6 chip', 'unique dogs 4,6 chip+name']);
    expect(found[0]?.members?.[0]).toEqual({ table: 'dogs', row: 1 });
  });

  it('finds keys that differ in blanks, case and composition alone', async () => {
    const ids = ['K1', 'K2', 'k1 ', 'k3', 'z\u0308', '\u00e4', 'a\u0308'];
    const folder = writeCandidate({ dogs: ids.map((id) => ({ id })) });
    expect(brief(await scanned(mappingOf([module('dogs', {})]), folder))).toEqual([
      'key-similar dogs 1,3 id',
      'key-similar dogs 6,7 id',
    ]);
  });

  it('reads legacy keys where the candidate has ids of its own', async () => {
    const { id: _, ...fields } = module('dogs', { name: text('name') }).fields;
    const dogs = { ...module('dogs', {}), id: { rule: 'uuid' } as const, fields };
    const folder = writeCandidate({
      dogs: [
        { id: U1, name: null },
        { id: U2, name: null },
      ],
    });
    const lines = [U1, U2].map((id, at) => JSON.stringify({ id, key: [at === 0 ? 'k' : 'K'] }));
    writeFileSync(join(folder, 'dogs', 'lineage.ndjson'), `${lines.join('\n')}\n`);
    expect(brief(await scanned(mappingOf([dogs]), folder))).toEqual(['key-similar dogs 1,2 id']);
    rmSync(join(folder, 'dogs', 'lineage.ndjson'));
    expect(await scanned(mappingOf([dogs]), folder)).toMatchObject([
      { rule: 'file-missing', file: 'dogs/lineage.ndjson' },
    ]);
  });

  it('finds equal keys in a provisional candidate, and does not repeat them as another rule', async () => {
    const dogs = module('dogs', { chip: text('chip') }, { unique: [['chip']] });
    const folder = writeCandidate({
      dogs: [
        { id: 'a', chip: '1' },
        { id: 'a', chip: '1' },
        { id: 'b', chip: '2' },
        { id: 'B', chip: '2' },
        { id: 'b', chip: '3' },
      ],
    });
    const found = await scanned(mappingOf([dogs]), folder, { provenance: provenance() });
    expect(brief(found)).toEqual([
      'key-duplicate dogs 100,101 id',
      'key-duplicate dogs 102,104 id',
      'key-similar dogs 102,103,104 id',
      'unique dogs 102,103 chip',
    ]);
  });
});

describe('cycles', () => {
  it('names every record on a cycle, and none that only leads to one', async () => {
    const parents = ['b', 'c', 'a', 'a', 'e', null, 'nobody'];
    const ids = ['a', 'b', 'c', 'd', 'e', 'f', 'g'];
    const staff = module(
      'staff',
      { boss: text('boss') },
      { references: [{ fields: ['boss'], module: 'staff', to: ['id'] }] },
    );
    const folder = writeCandidate({ staff: ids.map((id, at) => ({ id, boss: parents[at] })) });
    const found = brief(await scanned(mappingOf([staff]), folder, { checks: ['cycles'] }));
    const cycle = ['a', 'b', 'c'].map((id) => `cycle staff ["${id}"] boss`);
    expect(found).toEqual([...cycle, 'self-reference staff ["e"] boss']);
  });

  it('walks a chain of 100,000 records that is no cycle', async () => {
    const staff = module('staff', { boss: { reference: 'staff', columns: ['boss'] } });
    const chain = Array.from({ length: 100_000 }, (_, at) => ({ id: `${at}`, boss: `${at + 1}` }));
    const folder = writeCandidate({ staff: [...chain, { id: '100000', boss: null }] });
    expect(await scanned(mappingOf([staff]), folder, { checks: ['cycles'] })).toEqual([]);
  });
});

describe('copies', () => {
  const trainers = module('trainers', { name: text('name') });
  const courses = module(
    'courses',
    {
      trainer: text('trainer'),
      trainerName: text('trainerName', { copyOf: { via: 'trainer', field: 'name' } }),
    },
    { references: [{ fields: ['trainer'], module: 'trainers', to: ['id'] }] },
  );
  const mapping = mappingOf([trainers, courses]);
  const data = {
    trainers: [
      { id: 't1', name: 'Ada' },
      { id: 't2', name: null },
    ],
    courses: [
      { id: 'c1', trainer: 't1', trainerName: 'Ada' },
      { id: 'c2', trainer: 't1', trainerName: 'Adam' },
      { id: 'c3', trainer: 't2', trainerName: null },
      { id: 'c4', trainer: 't2', trainerName: 'null' },
      { id: 'c5', trainer: null, trainerName: 'Eve' },
      { id: 'c6', trainer: 't1', trainerName: null },
    ],
  };

  it('finds a copy that disagrees, null included', async () => {
    const found = await scanned(mapping, writeCandidate(data));
    expect(brief(found)).toEqual(
      ['c2', 'c4', 'c6'].map((id) => `copy courses ["${id}"] trainerName`),
    );
    expect(found[0]?.severity).toBe('WARNING');
  });

  it('does not compare with a cell that failed, on either side', async () => {
    const failed = provenance({ 'trainers/0': ['name'], 'courses/3': ['trainerName'] });
    expect(await scanned(mapping, writeCandidate(data), { provenance: failed })).toEqual([]);
  });
});

describe('a finding that follows from another', () => {
  const trainers = module('trainers', { name: text('name') });
  const courses = module(
    'courses',
    {
      trainer: text('trainer'),
      trainerName: text('trainerName', { copyOf: { via: 'trainer', field: 'name' } }),
    },
    { references: [{ fields: ['trainer'], module: 'trainers', to: ['id'] }] },
  );
  const data = {
    trainers: [{ id: 't1', name: 'A\u0308da' }],
    courses: [
      { id: 'c1', trainer: 't1', trainerName: '\u00c4da' },
      { id: 'c2', trainer: 't1\u200b', trainerName: '\u00c4da' },
    ],
  };

  it('names that one: on the same cell, or on the one it is a copy of', async () => {
    const mapping = mappingOf([trainers, courses]);
    const earlier = { 'trainers/0/name': 'f1', 'courses/1/trainer': 'f2', 'courses/0/id': 'f3' };
    const folder = writeCandidate(data);
    const found = await scanned(mapping, folder, { provenance: provenance({}, earlier) });
    expect(found.map(({ rule, because }) => [rule, because])).toEqual([
      ['reference', 'f2'],
      ['copy', 'f1'],
    ]);
    const own = { ...earlier, 'courses/0/trainerName': 'f4' };
    const again = await scanned(mapping, folder, { provenance: provenance({}, own) });
    expect(again.at(-1)).toMatchObject({ rule: 'copy', because: 'f4' });
    for (const finding of await scanned(mapping, folder, { provenance: provenance() })) {
      expect(finding).not.toHaveProperty('because');
    }
  });
});

describe('a scan', () => {
  const dogs = module('dogs', { name: text('name') });

  it('tells of lines that are no records, and goes on', async () => {
    const lines = ['{"id":"a","name":null}', '{"id":', '7', 'null', '{"id":"A","name":null}'];
    const folder = writeCandidate({ dogs: lines });
    writeFileSync(join(folder, 'dogs', 'data.ndjson'), Buffer.from([0x22, 0xff, 0x22]), {
      flag: 'a',
    });
    const found = await scanned(mappingOf([dogs]), folder);
    expect(brief(found)).toEqual([
      'key-similar dogs 1,5 id',
      // Their cells are not searched, and it says so.
      'pii-coverage dogs - id',
      'pii-coverage dogs - name',
      'seal-format dogs - ',
    ]);
    expect(found[3]).toMatchObject({
      file: 'dogs/data.ndjson',
      reason: 'lines that are not records: 4, the first is line 2',
    });
  });

  it('is not misled by records that lack members or have those of every object', async () => {
    const odd = module('odd', { constructor: text('constructor'), valueOf: text('valueOf') });
    const withUnique = { ...odd, unique: [['constructor'], ['valueOf']] };
    const folder = writeCandidate({
      odd: ['{"id":"a","__proto__":{"valueOf":"x"}}', '{"id":"b"}', '{}', '{}'],
    });
    expect(await scanned(mappingOf([withUnique]), folder)).toEqual([]);
    expect(Object.prototype).toEqual({});
  });

  it('does not follow a link in the place of a file', async () => {
    const folder = writeCandidate({ dogs: [], other: [{ id: 'a' }, { id: 'A' }] });
    rmSync(join(folder, 'dogs', 'data.ndjson'));
    symlinkSync(join(folder, 'other', 'data.ndjson'), join(folder, 'dogs', 'data.ndjson'));
    expect(brief(await scanned(mappingOf([dogs]), folder))).toEqual(['file-missing dogs - ']);
  });

  it('takes severities from the project', async () => {
    const folder = writeCandidate({ dogs: [{ id: 'a' }, { id: 'A' }] });
    const severities = [{ rule: 'key-similar', module: 'dogs', severity: 'INFO' }] as const;
    const found = await scanned(mappingOf([dogs], { severities }), folder);
    expect(found.map(({ severity }) => severity)).toEqual(['INFO']);
  });

  it('takes a setting about a field for each set that the field is in', async () => {
    const walks = module(
      'walks',
      { dog: text('dog'), day: text('day'), 'dog+day': text('dog+day') },
      {
        unique: [['dog', 'day'], ['dog+day']],
        references: [{ fields: ['day', 'dog'], module: 'walks', to: ['dog', 'day'] }],
      },
    );
    const record = { dog: 'a', day: 'b', 'dog+day': 'c' };
    const folder = writeCandidate({
      walks: [
        { id: 'w1', ...record },
        { id: 'w2', ...record },
      ],
    });
    const severities = [
      { rule: 'unique', field: 'day', severity: 'INFO' },
      { rule: 'reference', field: 'dog', severity: 'WARNING' },
    ] as const;
    const found = await scanned(mappingOf([walks], { severities }), folder);
    expect(found.map(({ rule, field, severity }) => `${rule} ${field} ${severity}`)).toEqual([
      'unique dog+day INFO',
      'unique dog+day BLOCKER',
      'reference day+dog WARNING',
      'reference day+dog WARNING',
    ]);
  });

  it('leaves out ids of records whose key is declared personal', async () => {
    const mapping = mappingOf([
      module('dogs', { id: text('id'), note: text('note') }, declaredPii({ id: 'EMAIL' })),
    ]);
    const folder = writeCandidate({ dogs: [{ id: 'a@b.example', note: 'call a@b.example' }] });
    const [finding] = await scanned(mapping, folder);
    expect(finding).toMatchObject({ rule: 'pii-undeclared', field: 'note', start: 5, end: 16 });
    expect(finding).not.toHaveProperty('recordId');
  });

  it('names no record by a text that is its key, but by its line, unless it is declared harmless', async () => {
    const records = [
      { id: '12', note: 'nothing' },
      { id: 'Anna Muster', note: 'call a@b.example' },
    ];
    const folder = writeCandidate({ dogs: records });
    for (const harmless of [false, undefined]) {
      const id = text('id', harmless === undefined ? {} : { harmless });
      const mapping = mappingOf([module('dogs', { id, note: text('note') })]);
      const [finding] = await scanned(mapping, folder);
      expect(finding).toMatchObject({ rule: 'pii-undeclared', line: 2 });
      expect(JSON.stringify(finding)).not.toContain('Anna');
    }
    const id = text('id', { harmless: true });
    const [finding] = await scanned(
      mappingOf([module('dogs', { id, note: text('note') })]),
      folder,
    );
    expect(finding).toMatchObject({ recordId: '["Anna Muster"]' });
    expect(finding).not.toHaveProperty('line');
  });

  it('does not take a text for a number because the type of the key is one', async () => {
    const note = text('note');
    const mapping = mappingOf([
      {
        ...module('dogs', { id: { column: 'id', type: 'integer' }, note }),
        key: [{ column: 'id', type: 'integer' }],
      },
    ]);
    const folder = writeCandidate({
      dogs: [
        { id: 7, note: 'call a@b.example' },
        { id: 'Anna', note: 'call a@b.example' },
      ],
    });
    const found = await scanned(mapping, folder, { checks: ['pii'] });
    expect(found).toMatchObject([{ recordId: '[7]' }, { line: 2 }]);
    expect(JSON.stringify(found)).not.toContain('Anna');
  });

  it('says how far it is, and leaves nothing in its scratch, also when it is left early', async () => {
    const folder = writeCandidate({ dogs: [{ id: 'a' }, { id: 'A' }, { id: 'b' }, { id: 'B' }] });
    const scratch = scratchFolder();
    const seen: string[] = [];
    const scan = scanCandidate({
      mapping: mappingOf([dogs]),
      folder,
      scratch,
      memory: 1e6,
      onProgress: (check, done, total) => seen.push(`${check} ${done}/${total}`),
    });
    const found: Finding[] = [];
    for await (const finding of scan) {
      found.push(finding);
      expect(readdirSync(scratch)).toHaveLength(1);
      break;
    }
    expect(found).toHaveLength(1);
    expect(existsSync(scratch) && readdirSync(scratch)).toEqual([]);
    expect(seen).toEqual(['keys of dogs 4/4']);
  });
});
