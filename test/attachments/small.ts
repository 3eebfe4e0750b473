/** Small projects with attachments in SQLite and a folder store, whose rows a test changes by hand. */

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import Database from 'better-sqlite3';

import { attachments, said, type Said } from './project.ts';
import type { Ran, RunOptions } from '../kit/run.ts';

export interface SmallRow {
  readonly id: string | number;
  readonly path: string | Buffer | null;
  readonly key: string | null;
}

export interface Small {
  readonly project: string;
  /** Runs statements of SQL in the application's database. */
  sql(statements: string): void;
  rows(table?: string): SmallRow[];
  /** The key of a row. */
  keyOf(id: string | number): string | null;
  run(name: string, ...more: readonly string[]): Promise<Ran>;
  said(name: string, ...more: readonly string[]): Promise<Said & { readonly code: number | null }>;
}

const FILE = { table: 'file', id: 'id', path: 'path', key: 'storage_key' };
export const TABLE = 'CREATE TABLE file (id PRIMARY KEY NOT NULL, path TEXT, storage_key TEXT);';

/** Makes a project with these files and this SQL; `table` changes what is declared of the table. */
export function smallProject(
  project: string,
  files: Readonly<Record<string, string>>,
  sql: string,
  declared: object = {},
  options: RunOptions = {},
): Small {
  for (const folder of ['mapping', 'uploads']) {
    mkdirSync(join(project, folder), { recursive: true });
  }
  for (const [name, content] of Object.entries(files)) {
    writeFileSync(join(project, 'uploads', name), content);
  }
  const open = <T>(work: (database: Database.Database) => T): T => {
    const database = new Database(join(project, 'app.db'));
    try {
      return work(database);
    } finally {
      database.close();
    }
  };
  const places = { database: 'sqlite:app.db', root: 'uploads', store: 'folder:objects' };
  const file = { format: 1, ...places, tables: [FILE], ...declared };
  writeFileSync(join(project, 'mapping/attachments.json'), JSON.stringify(file));
  const small: Small = {
    project,
    sql: (statements) => {
      open((database) => database.exec(statements));
    },
    rows: (table = 'file') =>
      open((database) =>
        database
          .prepare<[], SmallRow>(`SELECT id, path, storage_key AS key FROM ${table} ORDER BY id`)
          .all(),
      ),
    keyOf: (id) => small.rows().find((row) => row.id === id)?.key ?? null,
    run: (name, ...more) => attachments(project, [name, ...more], options),
    said: (name, ...more) => said(project, [name, ...more], options),
  };
  small.sql(sql);
  return small;
}
