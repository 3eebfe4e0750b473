import Database from 'better-sqlite3';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

import { expect, it } from 'vitest';

import { findingsOf, sealift, workFolder, writeMapping } from '../cli/sealift.ts';

const ROOT = workFolder('many');

it.each([
  [100_000, 0],
  [100_001, 1],
])('a list of %i findings of one share says %i times that it was cut', async (rows, said) => {
  const folder = join(ROOT, String(rows));
  mkdirSync(folder);
  const db = new Database(join(folder, 'many.db'));
  db.exec(`CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT);
    WITH n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${rows})
    INSERT INTO t SELECT i, 'x' FROM n`);
  db.close();
  writeMapping(folder, {
    sources: { main: 'sqlite:many.db' },
    modules: {
      t: {
        source: { table: 't' },
        key: [{ column: 'id', type: 'integer' }],
        id: { rule: 'keep' },
        fields: { id: { column: 'id', type: 'integer' }, v: { column: 'v', type: 'integer' } },
      },
    },
  });
  const ran = await sealift(['migrate', '--project', folder, '--workers', '1']);
  expect(ran.code).toBe(1);
  const findings = findingsOf(folder);
  expect(findings).toHaveLength(100_000 + said);
  expect(findings.filter(({ rule }) => rule === 'accounting')).toHaveLength(said);
});
