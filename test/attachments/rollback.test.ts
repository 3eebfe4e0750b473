/** The way back, where it was killed or the mapping has changed: no row is passed over in silence. */

import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { workFolder } from '../kit/project.ts';
import { smallProject, TABLE, type Small } from './small.ts';

const WORK = workFolder('attachments-rollback');
const ROWS = "INSERT INTO file VALUES (1, 'a', NULL), (2, 'b', NULL);";

function twoRows(name: string): Small {
  return smallProject(join(WORK, name), { a: 'aaa', b: 'bbb' }, `${TABLE}${ROWS}`);
}

/** Rolls back, and leaves row 1 as a kill between its line in the journal and its change leaves it. */
async function killedInRollback(name: string): Promise<Small> {
  const small = twoRows(name);
  await small.run('migrate');
  const key = small.keyOf(1);
  await small.run('rollback');
  small.sql(`UPDATE file SET storage_key = '${key}' WHERE id = 1`);
  return small;
}

describe('a rollback that was killed after it had announced a row', () => {
  it('is ended by the next one', async () => {
    const small = await killedInRollback('ended');
    const { code, facts } = await small.said('rollback');
    expect(code).toBe(0);
    expect(facts).toMatchObject({ restored: 1, refused: 0, changed: 0 });
    expect(small.rows().map(({ key }) => key)).toEqual([null, null]);
  });

  it('leaves the row to be verified', async () => {
    const small = await killedInRollback('verified');
    expect(await small.said('verify')).toMatchObject({ code: 0, facts: { total: 1, right: 1 } });
  });

  it('leaves the file of the row to be purged', async () => {
    const small = await killedInRollback('purged');
    const { facts } = await small.said('purge', '--run', 'run-local');
    expect(facts).toMatchObject({ removed: 1, changed: 0 });
  });
});

describe('a run whose table the mapping has no more', () => {
  const OTHER = { table: 'other', id: 'id', path: 'path', key: 'storage_key' };

  async function withoutTable(name: string): Promise<Small> {
    const small = twoRows(name);
    await small.run('migrate');
    const sql = 'CREATE TABLE other (id INTEGER PRIMARY KEY, path TEXT, storage_key TEXT);';
    return smallProject(small.project, {}, sql, { tables: [OTHER] });
  }

  it.each(['rollback', 'purge --run run-local', 'verify'])('is refused by %s', async (command) => {
    const small = await withoutTable(command.split(' ')[0] ?? '');
    const [name = '', ...more] = command.split(' ');
    const { code, stderr } = await small.run(name, ...more);
    expect(code).toBe(64);
    expect(stderr).toContain('the run has moved rows of a table that is not declared');
  });
});
