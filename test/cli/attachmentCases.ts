/** What may be wrong with attachments before the first file is moved, and with their runs. */

import { appendFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import Database from 'better-sqlite3';

import { sealift } from '../kit/run.ts';
import type { Case } from './messageCase.ts';

const command = (name: string, ...more: readonly string[]): readonly string[] => [
  'attachments',
  name,
  '--project',
  'PROJECT',
  ...more,
];
const PLAN = command('plan');

const TABLE = { table: 'attachment', id: 'id', path: 'path', key: 'storage_key' };
const FILE = {
  format: 1,
  database: 'sqlite:app.db',
  root: 'uploads',
  store: 'folder:objects',
  tables: [TABLE],
};
const ROW = "INSERT INTO attachment VALUES (1, 'a.txt', NULL, 'x')";

/** Gives a project an attachment, declared as `file` says. */
function declared(file: object, rows: string = ROW): (project: string) => void {
  return (project) => {
    for (const folder of ['uploads', 'objects']) mkdirSync(join(project, folder));
    writeFileSync(join(project, 'uploads/a.txt'), 'a');
    const database = new Database(join(project, 'app.db'));
    const columns = 'id INTEGER PRIMARY KEY, path TEXT, storage_key TEXT, fixed TEXT NOT NULL';
    database.exec(`CREATE TABLE attachment (${columns}); ${rows};`);
    database.close();
    writeFileSync(join(project, 'mapping/attachments.json'), JSON.stringify(file));
  };
}

const withTable = (table: object): object => ({ ...FILE, tables: [{ ...TABLE, ...table }] });

/** Moves the attachment, then harms the project. */
function moved(harm: (project: string) => void = () => {}): (project: string) => Promise<void> {
  return async (project) => {
    declared(FILE)(project);
    await sealift(['attachments', 'migrate', '--project', project]);
    harm(project);
  };
}

const JOURNAL = 'storage_attachments/run-local/journal.ndjson';

function shorten(project: string): void {
  const lines = readFileSync(join(project, JOURNAL), 'utf8').split('\n').slice(0, -2);
  writeFileSync(join(project, JOURNAL), `${lines.join('\n')}\n`);
}

export const ATTACHMENTS: readonly Case[] = [
  { name: 'attachments that are not declared', args: PLAN, code: 64 },
  {
    name: 'attachments with a member that there is not',
    args: PLAN,
    code: 64,
    prepare: declared({ ...FILE, stor: 'folder:objects' }),
  },
  {
    name: 'attachments with a column that stands for two things',
    args: PLAN,
    code: 64,
    prepare: declared(withTable({ size: 'path' })),
  },
  {
    name: 'attachments of two tables with one prefix',
    args: PLAN,
    code: 64,
    prepare: declared({
      ...FILE,
      tables: [
        { ...TABLE, prefix: 'a' },
        { ...TABLE, table: 'other', prefix: 'a/b' },
      ],
    }),
  },
  {
    name: 'attachments in a database of another kind',
    args: PLAN,
    code: 64,
    prepare: declared({ ...FILE, database: 'oracle:x' }),
  },
  {
    name: 'attachments in a database that is not there',
    args: PLAN,
    code: 1,
    prepare: declared({ ...FILE, database: 'sqlite:nowhere.db' }),
  },
  {
    name: 'attachments in a table that is not there',
    args: PLAN,
    code: 1,
    prepare: declared(withTable({ table: 'attachments' })),
  },
  {
    name: 'attachments in a column that is not there',
    args: PLAN,
    code: 1,
    prepare: declared(withTable({ path: 'file' })),
  },
  {
    name: 'attachments whose key cannot be null',
    args: PLAN,
    code: 1,
    prepare: declared(withTable({ key: 'fixed' })),
  },
  {
    name: 'attachments without a row',
    args: PLAN,
    code: 1,
    prepare: declared(FILE, 'SELECT 1'),
  },
  {
    name: 'attachments in a folder that is not there',
    args: PLAN,
    code: 64,
    prepare: declared({ ...FILE, root: 'nowhere' }),
  },
  {
    name: 'attachments in a folder by a variable that is not set',
    args: PLAN,
    code: 64,
    prepare: declared({ ...FILE, root: 'env:NO_UPLOADS' }),
  },
  {
    name: 'attachments for a store of another kind',
    args: PLAN,
    code: 64,
    prepare: declared({ ...FILE, store: 'ftp://x' }),
  },
  {
    name: 'attachments for a store that nothing names',
    args: PLAN,
    code: 64,
    prepare: declared({ ...FILE, store: undefined }),
  },
  {
    name: 'attachments of a run whose name is a path',
    args: command('migrate', '--run', '../x'),
    code: 64,
    prepare: declared(FILE),
  },
  {
    name: 'attachments with a limit of none',
    args: command('plan', '--limit', '0'),
    code: 64,
    prepare: declared(FILE),
  },
  {
    name: 'attachments with a bandwidth that is no number',
    args: command('migrate', '--bandwidth', 'fast'),
    code: 64,
    prepare: declared(FILE),
  },
  {
    name: 'attachments of a run that there is not',
    args: command('verify'),
    code: 2,
    prepare: declared(FILE),
  },
  {
    name: 'attachments of a run that there is not, rolled back',
    args: command('rollback'),
    code: 1,
    prepare: declared(FILE),
  },
  {
    name: 'attachments to purge of no run in particular',
    args: command('purge'),
    code: 64,
    prepare: declared(FILE),
  },
  {
    name: 'attachments of a run whose journal lost a line',
    args: command('verify'),
    code: 2,
    prepare: moved(shorten),
  },
  {
    name: 'attachments of a run whose journal was edited',
    args: command('verify'),
    code: 2,
    prepare: moved((project) => {
      const text = readFileSync(join(project, JOURNAL), 'utf8');
      writeFileSync(join(project, JOURNAL), text.replace('"size":1', '"size":2'));
    }),
  },
  {
    name: 'attachments of a run with half a line in the middle',
    args: command('verify'),
    code: 2,
    prepare: moved((project) => {
      appendFileSync(join(project, JOURNAL), 'x\n{}\n');
    }),
  },
  {
    name: 'attachments with a report that is not there',
    args: command('verify', '--report', 'nowhere.csv'),
    code: 64,
    prepare: moved(),
  },
  {
    name: 'attachments with a report of something else',
    args: command('verify', '--report', 'report.csv'),
    code: 64,
    prepare: moved((project) => {
      writeFileSync(join(project, 'report.csv'), 'a,b,c\n');
    }),
  },
  {
    name: 'attachments whose store has lost the object',
    args: command('verify'),
    code: 2,
    prepare: moved((project) => {
      rmSync(join(project, 'objects/attachment'), { recursive: true });
    }),
  },
];
