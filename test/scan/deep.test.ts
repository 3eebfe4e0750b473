/** Records nested deeper than any source may nest them: every check gets on, and says so. */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, it } from 'vitest';

import { inlinePool } from '../../src/threads/inlinePool.ts';
import { CANDIDATE_ANSWERS } from '../../src/cli/candidateAnswers.ts';
import { mappingOf, module, scanned, text, writeCandidate } from './candidate.ts';

const DEPTHS = [513, 30_000];
const deep = (depth: number): string => `${'['.repeat(depth)}"a@b.example"${']'.repeat(depth)}`;

it.each(DEPTHS)('a record of %d levels is no defect of the scan', async (depth) => {
  const note = { column: 'note', type: 'json' };
  const list = { column: 'list', type: 'json', references: 'dogs' };
  const dogs = module(
    'dogs',
    { note, list, name: text('name') },
    {
      unique: [['note']],
      references: [{ fields: ['name'], module: 'dogs', to: ['id'] }],
      invariants: [
        {
          id: 'i',
          holds: 'it holds',
          sql: 'SELECT id FROM dogs WHERE note IS 1',
          modules: ['dogs'],
          fields: ['note'],
        },
      ],
    },
  );
  const folder = writeCandidate({ dogs: [] });
  const lines = ['a', 'b'].map(
    (id) => `{"id":"${id}","list":${deep(depth)},"name":"a","note":${deep(depth)}}\n`,
  );
  writeFileSync(join(folder, 'dogs/data.ndjson'), lines.join(''));
  for (const pool of [undefined, inlinePool(CANDIDATE_ANSWERS)]) {
    const found = await scanned(mappingOf([dogs]), folder, pool === undefined ? {} : { pool });
    expect(found.some(({ severity }) => severity === 'BLOCKER')).toBe(true);
  }
});
