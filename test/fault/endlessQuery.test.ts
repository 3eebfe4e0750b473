/** A query of the mapping that never ends: Ctrl-C ends the run all the same, and leaves nothing. */

import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import Database from 'better-sqlite3';
import { afterAll, describe, expect, it } from 'vitest';

import { isLong } from '../kit/long.ts';
import { start } from '../kit/run.ts';
import { writeMapping } from '../kit/project.ts';
import { temporaryFolder, treeOf } from './fixture.ts';

const project = temporaryFolder();
afterAll(() => rmSync(project, { recursive: true }));

const ENDLESS = `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)
  SELECT t.id FROM t JOIN n ON n.i = -t.id`;
const VIEW = `CREATE VIEW v AS ${ENDLESS}`;

function writeProject(source: object): void {
  const fields = { id: { column: 'id', type: 'integer' } };
  const key = [{ column: 'id', type: 'integer' }];
  writeMapping(project, {
    sources: { main: 'sqlite:legacy.db' },
    modules: { m: { source, key, id: { rule: 'keep' }, fields } },
    dropped: [{ table: 'base' in source ? 'v' : 't', reason: 'in the module' }],
  });
  rmSync(join(project, 'legacy.db'), { force: true });
  const db = new Database(join(project, 'legacy.db'));
  db.exec(`CREATE TABLE t (id INTEGER PRIMARY KEY); INSERT INTO t VALUES (1), (2); ${VIEW}`);
  db.close();
}

describe('a query that never ends', () => {
  const view: [string, object][] = isLong('endless view') ? [['as a view', { table: 'v' }]] : [];
  it.each([
    ['as a query', { sql: ENDLESS, base: { table: 't', key: { id: 'id' } } }] as [string, object],
    ...view,
  ])('is interrupted, %s', async (_, source) => {
    writeProject(source);
    const { child, ended } = start(['migrate', '--project', project, '--workers', '1']);
    while (child.exitCode === null && !existsSync(join(project, 'storage_candidate/.staging'))) {
      await wait(5);
    }
    // It is under way now, and stays so.
    await wait(500);
    expect(child.exitCode).toBeNull();
    child.kill('SIGINT');
    const { code, stderr } = await ended;
    expect(code).toBe(130);
    expect(stderr).toBe('sealift migrate: interrupted, nothing was changed\n');
    const left = [...treeOf(join(project, 'storage_candidate')).keys()];
    expect(left.filter((path) => path !== '.lock')).toEqual([]);
  });
});

/** Forty columns of 50 MB each, of which the result shows nothing but how long they are. */
function swelling(): string {
  const tens = "'aaaaaaaaaa'";
  const grown = Array.from({ length: 6 }).reduce<string>(
    (x) => `replace(${x}, 'a', ${tens})`,
    tens,
  );
  const numbers = Array.from({ length: 40 }, (_, at) => at);
  const columns = numbers.map((at) => `substr(${grown}, 1, 5000000${at % 10}) AS c${at}`);
  const lengths = numbers.map((at) => `length(c${at})`).join(' + ');
  return `WITH b AS MATERIALIZED (SELECT id, ${columns.join(', ')} FROM t)
    SELECT id FROM b WHERE ${lengths} > 0`;
}

it('a query that swells ends the run in one line, before it has taken the machine', async () => {
  writeProject({ sql: swelling(), base: { table: 't', key: { id: 'id' } } });
  const args = ['migrate', '--project', project, '--workers', '1', '--memory', '64M'];
  const { code, stdout, stderr } = await start(args).ended;
  expect([code, stdout]).toEqual([64, '']);
  expect(stderr).toBe(
    'sealift migrate: queries take more than 1.1 GB of memory, so the run was stopped ' +
      '("query m"): make the queries return smaller cells, or give more memory with --memory\n',
  );
  const left = [...treeOf(join(project, 'storage_candidate')).keys()];
  expect(left.filter((path) => path !== '.lock')).toEqual([]);
});
