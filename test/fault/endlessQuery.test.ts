/** A query of the mapping that never ends: Ctrl-C ends the run all the same, and leaves nothing. */

import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import Database from 'better-sqlite3';
import { afterAll, describe, expect, it } from 'vitest';

import { start } from '../cli/run.ts';
import { writeMapping } from '../cli/sealift.ts';
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
  it.each([
    ['as a query', { sql: ENDLESS, base: { table: 't', key: { id: 'id' } } }],
    ['as a view', { table: 'v' }],
  ])('is interrupted, %s', { timeout: 60_000 }, async (_, source) => {
    writeProject(source);
    const { child, ended } = start(['migrate', '--project', project, '--workers', '1']);
    while (child.exitCode === null && !existsSync(join(project, 'storage_candidate/.staging'))) {
      await wait(5);
    }
    // It is under way now, and stays so.
    await wait(1500);
    expect(child.exitCode).toBeNull();
    child.kill('SIGINT');
    const { code, stderr } = await ended;
    expect(code).toBe(130);
    expect(stderr).toBe('sealift migrate: interrupted, nothing was changed\n');
    const left = [...treeOf(join(project, 'storage_candidate')).keys()];
    expect(left.filter((path) => path !== '.lock')).toEqual([]);
  });
});
