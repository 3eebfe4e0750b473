/** What was sealed of the mapping of rows is found again, weighed by the sealed mapping. */

import { declaredPii } from '../kit/declaredPii.ts';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import type { ModuleMapping, ProjectMapping } from '../../src/mapping/model.ts';
import { HASHING } from '../fault/fixture.ts';
import { mappingOf, module, scanned, text, writeCandidate } from './candidate.ts';

const DOGS = module('dogs', { name: text('name'), note: text('note') });

/** Findings as `severity rule record field: reason`, given the lines of findings.ndjson. */
async function found(
  lines: readonly string[],
  dogs: ModuleMapping = DOGS,
  project: Partial<ProjectMapping> = {},
): Promise<string[]> {
  const folder = writeCandidate({ dogs: [{ id: 'a', name: null, note: null }] });
  writeFileSync(join(folder, 'dogs/lineage.ndjson'), '');
  if (lines.length > 0) {
    writeFileSync(join(folder, 'dogs/findings.ndjson'), lines.map((line) => `${line}\n`).join(''));
  }
  const options = { pool: HASHING, checks: ['mapped'] } as const;
  const findings = await scanned(mappingOf([dogs], project), folder, options);
  return findings.map(
    ({ severity, rule, recordId, line, field = '-', reason }) =>
      `${severity} ${rule} ${recordId ?? (line === undefined ? '-' : `line ${line}`)} ${field}: ${reason}`,
  );
}

const ID = '0190163d-8694-739b-aea5-966c26f8ad91';
const SAID = 'found when its row became this record';
const nul = '{"field":"name","id":["a"],"rule":"text-nul"}';
const sentinel = '{"field":"note","id":["a"],"rule":"sentinel"}';

describe('what the mapper has found', () => {
  it('is found again, with the severity of its rule', async () => {
    expect(await found([nul, sentinel])).toEqual([
      `BLOCKER text-nul ["a"] name: ${SAID}`,
      `WARNING sentinel ["a"] note: ${SAID}`,
    ]);
  });

  it('is nothing where nothing was sealed', async () => {
    expect(await found([])).toEqual([]);
  });

  it('weighs what the sealed mapping says, field by field', async () => {
    const severities = [
      { rule: 'text-nul', severity: 'INFO' },
      { rule: 'sentinel', module: 'dogs', field: 'note', severity: 'BLOCKER' },
      { rule: 'sentinel', module: 'dogs', field: 'name', severity: 'INFO' },
    ] as const;
    expect(await found([nul, sentinel], DOGS, { severities })).toEqual([
      `INFO text-nul ["a"] name: ${SAID}`,
      `BLOCKER sentinel ["a"] note: ${SAID}`,
    ]);
  });

  it('keeps a key to itself that is personal', async () => {
    const fields = { id: text('id'), name: text('name') };
    const personal = module('dogs', fields, declaredPii({ id: 'AHV' }));
    expect(await found([nul], personal)).toEqual([`BLOCKER text-nul line 1 name: ${SAID}`]);
  });

  it('may be of the id, where the key has one', async () => {
    const named = module('dogs', {}, { id: { rule: 'uuid', field: 'nr' } });
    const line = nul.replace('"a"', `"${ID}"`).replace('name', 'nr');
    expect(await found([line], named)).toEqual([`BLOCKER text-nul ${ID} nr: ${SAID}`]);
  });

  it('is refused where it is no rule, no field or no finding at all', async () => {
    const strange = [
      nul.replace('text-nul', 'no-such-rule'),
      nul.replace('text-nul', 'checksum'),
      nul.replace('name', 'fur'),
      nul.replace('["a"]', '[]'),
      nul.replace('["a"]', '["a","b"]'),
      nul.replace('"a"', '1e999'),
      '{"field":"name"}',
      'no JSON',
    ];
    for (const line of strange) {
      expect(await found([line, sentinel])).toEqual([
        `WARNING sentinel ["a"] note: ${SAID}`,
        'BLOCKER seal-format - -: findings with an unknown rule, field or record: 1',
      ]);
    }
  });
});

/** A key that is a name, and not said to be harmless. */
const PEOPLE = module('people', { id: text('id'), note: text('note') });

/** Findings as `rule line`, of people with these names, given the keys of findings.ndjson. */
async function foundOf(
  names: readonly (string | number | null)[],
  keys: readonly (readonly (string | number)[])[],
  people: ModuleMapping = PEOPLE,
): Promise<string[]> {
  // Large enough to be read in several batches.
  const note = 'x'.repeat(400_000);
  const folder = writeCandidate({ people: names.map((id) => ({ id, note })) });
  const lines = keys.map(
    (id) => `${JSON.stringify({ field: 'note', id, rule: 'text-control' })}\n`,
  );
  writeFileSync(join(folder, 'people/findings.ndjson'), lines.join(''));
  writeFileSync(join(folder, 'people/lineage.ndjson'), '');
  const options = { pool: HASHING, checks: ['mapped'] } as const;
  const findings = await scanned(mappingOf([people]), folder, options);
  expect(JSON.stringify(findings)).not.toContain('SECRET');
  return findings.map(({ rule, recordId, line = '-', reason }) => {
    return `${rule} ${recordId ?? line}${rule === 'seal-format' ? ` ${reason.replace(/.*: /, '')}` : ''}`;
  });
}

describe('a record whose key may be the name of a person', () => {
  const names = ['A', 'Ada SECRET', 'B', 'Ben SECRET', 'C', 'Z SECRET', 'Zoë SECRET'];

  it('is told by its line, be it the first, the last or one of many', async () => {
    expect(await foundOf(names, [['A']])).toEqual(['text-control 1']);
    const some = [['Ada SECRET'], ['Ada SECRET'], ['Z SECRET'], ['Zoë SECRET']];
    expect(await foundOf(names, some)).toEqual([2, 2, 6, 7].map((line) => `text-control ${line}`));
    const all = names.map((name) => [name]);
    expect(await foundOf(names, all)).toEqual(names.map((_, at) => `text-control ${at + 1}`));
  });

  it('is none where there is no such record, which hides no other', async () => {
    const keys = [['Aa SECRET'], ['Ben SECRET'], ['Bz SECRET'], ['C'], ['zz SECRET']];
    const [fourth, fifth, ...rest] = await foundOf(names, keys);
    expect([fourth, fifth, rest]).toEqual([
      'text-control 4',
      'text-control 5',
      ['seal-format - 3'],
    ]);
  });

  it('is found between lines that have no key', async () => {
    const odd = ['A', null, 5, 'Ben SECRET'];
    expect(await foundOf(odd, [['Ben SECRET']])).toEqual(['text-control 4']);
  });

  it('is not told by what stands in place of a number or an id', async () => {
    const numbered = module(
      'people',
      { id: { column: 'id', type: 'integer' }, note: text('note') },
      { key: [{ column: 'id', type: 'integer' }] },
    );
    expect(await foundOf([1, 2, 3], [[2]], numbered)).toEqual(['text-control [2]']);
    expect(await foundOf([1, 2], [['Ada SECRET']], numbered)).toEqual(['seal-format - 1']);
    const given = { ...PEOPLE, id: { rule: 'uuid' }, fields: { note: text('note') } } as const;
    expect(await foundOf([ID], [[ID]], given)).toEqual([`text-control ${ID}`]);
    expect(await foundOf([ID], [['Ada SECRET']], given)).toEqual(['seal-format - 1']);
  });
});
