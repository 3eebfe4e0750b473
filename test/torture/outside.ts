/**
 * A folder outside of a project that looks like the inside, so that whoever follows a link into it finds
 * what he expects: `full` is another project whose records, mapping and seal ids betray where they are
 * from, `bare` has the same folders and nothing else in them.
 */

import { cpSync, lstatSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import Database from 'better-sqlite3';

import { sealedNames } from '../../src/seal/sealedFolders.ts';
import { copyPrepared } from '../kit/prepared.ts';
import { sealift } from '../kit/run.ts';
import { initialise, temporaryFolder, writeKennel } from '../fault/fixture.ts';
import { build, promoteHere, scanHere, storeOf } from '../promote/fixture.ts';
import type { Place } from './racer.ts';

/** In every text outside. */
const MARK = 'KANARIENVOGEL';

export interface Outside {
  readonly folder: string;
  /** What must never show up in a project or in what a command says. */
  readonly marks: readonly string[];
}

/** Makes the outside of a project: a folder that the caller removes. */
export async function makeOutside(project: string): Promise<Outside> {
  const folder = temporaryFolder();
  const other = await otherProject(join(folder, 'other'));
  const [theirs = ''] = sealedNames(storeOf(other));
  const candidate = join(storeOf(other), 'sealed', theirs);
  const [full, bare] = [join(folder, 'full'), join(folder, 'bare')];
  for (const name of ['storage_candidate', 'storage_reports', 'storage_journal']) {
    cpSync(join(other, name), join(full, name), { recursive: true, verbatimSymlinks: true });
  }
  const store = join(full, 'storage_candidate');
  for (const name of sealedNames(storeOf(project))) {
    cpSync(candidate, join(store, 'sealed', name), { recursive: true });
  }
  for (const name of ['.staging/candidate', '.trash']) {
    cpSync(candidate, join(store, name), { recursive: true });
  }
  for (const name of ['.staging/scratch/source-0', '.staging/scratch/keys']) {
    mkdirSync(join(store, name), { recursive: true });
  }
  for (const name of ['hits.db', 'answer', 'read-0-0', '.lock', '.lock.json']) {
    writeFileSync(join(store, '.staging/scratch', name), MARK);
  }
  for (const name of ['.lock', '.lock.json', 'v1', 'latest-migrate', 'draft']) {
    writeFileSync(join(full, name), MARK);
  }
  for (const path of foldersIn(full)) mkdirSync(join(bare, path), { recursive: true });
  return { folder, marks: [MARK, theirs.slice(0, 64)] };
}

async function otherProject(project: string): Promise<string> {
  mkdirSync(project);
  await copyPrepared('outside', project, makeOther);
  return project;
}

async function makeOther(project: string): Promise<void> {
  writeKennel(join(project, 'legacy.db'), 4, 2);
  const db = new Database(join(project, 'legacy.db'));
  db.exec(`UPDATE owners SET name = '${MARK} ' || id; UPDATE visits SET note = '${MARK}'`);
  db.close();
  await initialise(project);
  await build(project, MARK);
  await scanHere(project);
  await promoteHere(project);
  await sealift(['verify-checksums', '--project', project]);
}

function foldersIn(root: string): string[] {
  return readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((path) =>
    lstatSync(join(root, path)).isDirectory(),
  );
}

/** Names that come and go while commands are at work. */
const PASSING: readonly string[] = [
  'storage_candidate/.staging',
  'storage_candidate/.staging.old',
  'storage_candidate/.staging/candidate',
  'storage_candidate/.staging/candidate/checksums',
  'storage_candidate/.staging/candidate/mapping',
  'storage_candidate/.staging/candidate/mapping/modules',
  ...['dogs', 'owners', 'visits'].flatMap((module) =>
    ['', '/blobs', '/checksums', '/data.ndjson', '/schema.json'].map(
      (name) => `storage_candidate/.staging/candidate/${module}${name}`,
    ),
  ),
  ...['', '/source-0', '/keys', '/read-0-0', '/hits.db'].map(
    (name) => `storage_candidate/.staging/scratch${name}`,
  ),
  'storage_candidate/.lock',
  'storage_candidate/.lock.json',
  'storage_candidate/.lock.json.new',
  'storage_candidate/.v1.new',
  'storage_candidate/.trash',
  '.storage_live.new',
  'storage_journal/.lock',
  'storage_journal/.lock.json',
  'storage_reports/history/.lock',
  ...['migrate', 'dry-run', 'scan-all', 'promote', 'rollback', 'prune', 'verify-checksums'].flatMap(
    (command) => [
      `storage_reports/history/.${command}.new`,
      `storage_reports/latest-${command}`,
      `storage_reports/history/${command}-000001`,
    ],
  ),
];

/** All names of a project that may be swapped, and where to. */
export function placesOf(project: string, { folder }: Outside): Place[] {
  const there = readdirSync(project, { recursive: true, encoding: 'utf8' });
  const names = new Set([...there.filter((name) => name.startsWith('storage_')), ...PASSING]);
  return [...names].sort().map((name) => {
    const targets = ['full', 'bare'].map((kind) => join(folder, kind, name));
    // Names of no fixed content lead to a folder where anything could be made, and to nothing.
    return { path: join(project, name), targets: [...targets, join(folder, 'bare')] };
  });
}

/** Everything in a folder, as it stands: whoever writes, makes or removes there leaves a trace. */
export function traceOf(folder: string): Map<string, string> {
  const trace = new Map<string, string>();
  const visit = (path: string): void => {
    const stat = lstatSync(path, { bigint: true });
    const { mode, size, ino, mtimeNs, ctimeNs } = stat;
    trace.set(path, [mode, size, ino, mtimeNs, ctimeNs].join(' '));
    if (stat.isDirectory()) for (const name of readdirSync(path)) visit(join(path, name));
  };
  visit(folder);
  return trace;
}

/** Paths of which the two traces differ. */
export function differences(
  before: ReadonlyMap<string, string>,
  after: ReadonlyMap<string, string>,
): string[] {
  const paths = new Set([...before.keys(), ...after.keys()]);
  return [...paths].filter((path) => before.get(path) !== after.get(path)).sort();
}

/** Files of a project that hold one of the marks; links are not followed. */
export function marked(project: string, marks: readonly string[]): string[] {
  const found: string[] = [];
  const visit = (folder: string): void => {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      const path = join(folder, entry.name);
      if (marks.some((mark) => entry.name.includes(mark))) found.push(path);
      if (entry.isDirectory()) visit(path);
      else if (entry.isFile() && holds(path, marks)) found.push(path);
    }
  };
  visit(project);
  return found.map((path) => path.slice(dirname(project).length + 1));
}

function holds(path: string, marks: readonly string[]): boolean {
  const text = readFileSync(path, 'latin1');
  return marks.some((mark) => text.includes(mark));
}
