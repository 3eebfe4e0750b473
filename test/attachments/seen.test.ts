/** Rows that a run could pass over, or claim without having moved them. */

import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { workFolder } from '../kit/project.ts';
import { smallProject, TABLE } from './small.ts';

const WORK = workFolder('attachments-seen');

describe('a row whose key is an empty text', () => {
  const files = { a: 'aaa', b: 'bbb' };
  const rows = "INSERT INTO file VALUES (1, 'a', NULL), (2, 'b', '');";
  const small = smallProject(join(WORK, 'blank'), files, `${TABLE}${rows}`);

  it('stops a run before the first file, as it is neither on disk nor in the store', async () => {
    const { code, stderr } = await small.run('migrate');
    expect([code, stderr]).toEqual([1, expect.stringContaining('set these keys to null')]);
    expect(small.keyOf(1)).toBe(null);
  });

  it('is on disk by status, and moves once its key is null', async () => {
    expect((await small.run('status')).stdout).toContain('file: 0 in the store, 2 on disk');
    small.sql('UPDATE file SET storage_key = NULL');
    expect(await small.said('migrate')).toMatchObject({ code: 0, facts: { moved: 2, left: 0 } });
  });

  it('ends a run that wrote it meanwhile: such a run is not done', async () => {
    small.sql(`INSERT INTO file VALUES (3, 'a', NULL);
      CREATE TRIGGER mirror AFTER UPDATE ON file WHEN new.id = 3
      BEGIN INSERT INTO file VALUES (4, 'b', ''); END;`);
    const { code, stderr } = await small.run('migrate');
    expect([code, stderr]).toEqual([1, expect.stringContaining('an empty text as key')]);
  });
});

describe('the list of a run', () => {
  it('has no row that the application has changed before it got its key', async () => {
    const rows = "INSERT INTO file VALUES (1, 'a', NULL), (2, 'b', NULL), (3, 'a', NULL);";
    // Row 2 is given to another object while row 1 gets its key, so after its line in the journal.
    const trigger = `CREATE TRIGGER own BEFORE UPDATE ON file WHEN new.id = 1
      BEGIN UPDATE file SET storage_key = 'own', path = 'c' WHERE id = 2; END;`;
    const files = { a: 'aaa', b: 'bbb' };
    const sql = `${TABLE}${rows}${trigger}`;
    const small = smallProject(join(WORK, 'listed'), files, sql);
    // One file at a time, so that row 1 comes first.
    const { code, facts } = await small.said('migrate', '--concurrency', '1');
    expect(code).toBe(0);
    expect(facts).toMatchObject({ moved: 2, elsewhere: 1, listed: 2 });
  });
});
