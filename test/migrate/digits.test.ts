/** Digits that a JSON number is written with: kept by a decimal without a number of digits, else told by init. */

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

import { init } from '../../src/flow/init.ts';
import { recordsOf, workFolder, writeMapping } from '../kit/project.ts';
import { ENVIRONMENT, migrateHere } from '../fault/fixture.ts';

const root = workFolder('digits');
const file = join(root, 'offers.ndjson');
writeFileSync(
  file,
  '{"id":1,"price":1.10,"again":1.10,"list":[2.0,3.50],"doc":{"b":1.10,"a":2}}\n' +
    '{"id":2,"price":1e2,"again":2,"list":[],"doc":null}\n',
);

it('are kept where the mapping asks for them', async () => {
  const project = join(root, 'kept');
  mkdirSync(project);
  const offer = {
    source: { table: 'offers' },
    key: [{ column: 'id', type: 'integer' }],
    id: { rule: 'keep' },
    fields: {
      id: { column: 'id', type: 'integer' },
      price: { column: 'price', type: 'decimal' },
      two: { column: 'again', type: 'decimal(2)' },
      list: { column: 'list', type: 'array(decimal)' },
      doc: { column: 'doc', type: 'json' },
    },
  };
  writeMapping(project, { sources: { main: `ndjson:${file}` }, modules: { offer } });
  await migrateHere(project);
  expect(recordsOf(project, 'offer')).toEqual([
    { id: 1, price: '1.10', two: '1.10', list: ['2.0', '3.50'], doc: { a: 2, b: 1.1 } },
    { id: 2, price: '100', two: '2.00', list: [], doc: null },
  ]);
});

it('are a decision where the mapping of init does not keep them', async () => {
  const project = join(root, 'told');
  const options = { project, here: root, source: `ndjson:${file}`, ids: 'keep' } as const;
  await init(options, ENVIRONMENT);
  const decisions = readFileSync(join(project, 'mapping/DECISIONS.md'), 'utf8');
  const told = decisions.split('\n').filter((line) => line.includes('(digits)'));
  expect(told.map((line) => /\*\*"(\w+)"\*\*: 1 value with/.exec(line)?.[1])).toEqual([
    'again',
    'doc',
    'list',
    'price',
  ]);
});
