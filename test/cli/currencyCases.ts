/** What keeps a candidate from going live that was built, scanned, and is not what its source is now. */

import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import Database from 'better-sqlite3';

import { succeed } from '../kit/project.ts';
import type { Case } from './messageCase.ts';

const PROMOTE: readonly string[] = ['promote', '--project', 'PROJECT'];

/** Builds and scans a candidate; then the source changes. */
function after(change: (project: string) => void): (project: string) => Promise<void> {
  return async (project) => {
    await succeed(['migrate', '--project', project]);
    await succeed(['scan-all', '--project', project]);
    change(project);
  };
}

function write(sql: string): (project: string) => void {
  return (project) => {
    const db = new Database(join(project, 'legacy.db'));
    db.exec(sql);
    db.close();
  };
}

export const CURRENCY: readonly Case[] = [
  {
    name: 'promote after a write to the source',
    args: PROMOTE,
    code: 1,
    prepare: after(
      write("UPDATE owners SET name = 'x' WHERE id < 3; DELETE FROM visits WHERE rowid = 1"),
    ),
  },
  {
    name: 'promote after a new table in the source',
    args: PROMOTE,
    code: 1,
    prepare: after(write('CREATE TABLE cats (id INTEGER PRIMARY KEY)')),
  },
  {
    name: 'promote after a table of the source has gone',
    args: PROMOTE,
    code: 1,
    prepare: after(write('DROP TABLE visits')),
  },
  {
    name: 'promote where the source cannot be reached',
    args: PROMOTE,
    code: 1,
    prepare: after((project) => rmSync(join(project, 'legacy.db'))),
  },
  {
    name: 'promote where the source is no database any more',
    args: PROMOTE,
    code: 1,
    prepare: after((project) => writeFileSync(join(project, 'legacy.db'), 'no database, at all')),
  },
  {
    name: 'promote of a source that is gone, without a name',
    args: [...PROMOTE, '--source-gone'],
    code: 64,
  },
  {
    name: 'promote with a source that the mapping does not have',
    args: [...PROMOTE, '--source', 'mian=sqlite:x.db'],
    code: 64,
    prepare: after(() => {}),
  },
];
