/** A project with a candidate that is loaded into SQLite files, and what goes live of them by a link. */

import { readlinkSync, realpathSync } from 'node:fs';
import { join } from 'node:path';

import Database from 'better-sqlite3';

import { succeed } from '../kit/project.ts';
import { sealift, type Ran } from '../kit/run.ts';
import { kennel } from './fixture.ts';

export const LINK = 'current.db';

/** Makes a project whose candidate is loaded into each file, in this mode, and reconciled. */
export async function liveProject(
  files: readonly string[],
  mode: 'delete' | 'wal' = 'delete',
): Promise<string> {
  const project = realpathSync(await kennel(20));
  for (const file of files) {
    await succeed(['load', '--project', project, '--target', `sqlite:${file}`], { cwd: project });
    execIn(project, file, `PRAGMA journal_mode = ${mode}`);
    await reconcile(project, file);
  }
  return project;
}

export async function reconcile(project: string, file: string): Promise<Ran> {
  const args = ['reconcile', '--project', project, '--target', `sqlite:${file}`];
  return sealift(args, { cwd: project });
}

/** The arguments of a move in the project. */
export function moveArgs(
  project: string,
  move: 'promote' | 'rollback',
  file: string,
  more: readonly string[] = [],
): string[] {
  const target = ['--target', `sqlite:${join(project, file)}`, '--live', join(project, LINK)];
  return [move, '--project', project, ...target, ...more];
}

/** Runs a move, from the folder of the project. */
export function move(
  project: string,
  how: 'promote' | 'rollback',
  file: string,
  more: readonly string[] = [],
): Promise<Ran> {
  return sealift(moveArgs(project, how, file, more), { cwd: project });
}

/** What the link says. */
export function liveIn(project: string): string {
  return readlinkSync(join(project, LINK));
}

/** Runs SQL in a file by a connection of its own; `ok`, or the code of SQLite. */
export function execIn(project: string, file: string, sql: string): string {
  const db = new Database(join(project, file), { fileMustExist: true, timeout: 0 });
  try {
    db.exec(sql);
    return 'ok';
  } catch (error) {
    return (error as { code: string }).code;
  } finally {
    db.close();
  }
}

/** SQL that adds a visit. */
export function visit(id: string): string {
  return `INSERT INTO visits (id, day, note) VALUES ('${id}', '2026-01-01', 'late')`;
}

/** Ids of the visits in a file that are no part of the seal, by their prefix. */
export function visitsIn(file: string, prefix: string): string[] {
  const db = new Database(file, { readonly: true, fileMustExist: true });
  try {
    const sql = `SELECT id FROM visits WHERE substr(id, 1, ${prefix.length}) = ? ORDER BY id`;
    return db.prepare<[string], string>(sql).pluck().all(prefix);
  } finally {
    db.close();
  }
}
