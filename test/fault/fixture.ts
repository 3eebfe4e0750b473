/** Small projects for the tests that attack them, and what tells whether something changed. */

import { createHash, randomBytes } from 'node:crypto';
import { lstatSync, mkdtempSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import Database from 'better-sqlite3';

import { runProgram } from '../../src/cli/runProgram.ts';
import { TARGETS } from '../../src/cli/wire.ts';
import { openFindings } from '../../src/findings/findingStore.ts';
import type { Environment } from '../../src/run/environment.ts';
import { init } from '../../src/flow/init.ts';
import { migrate, type MigrateOptions } from '../../src/flow/migrate.ts';
import type { Outcome } from '../../src/outcome/outcome.ts';
import { randomOf } from '../dogschool/random.ts';
import { INLINE_ADAPTERS, startInline } from '../kit/inline.ts';
import { copyPrepared } from '../kit/prepared.ts';

export { HASHING } from '../kit/inline.ts';

/** In every text, so that a value that leaks is seen. */
export const SECRET = 'Geheimnis';

/** A folder that the caller removes. */
export function temporaryFolder(): string {
  return mkdtempSync(join(tmpdir(), 'sealift-fault-'));
}

/** Owners, dogs with photos, visits without a key. */
export function writeKennel(file: string, rows: number, seed: number = 1): void {
  const random = randomOf(seed, 'kennel');
  const db = new Database(file);
  db.exec(`
    CREATE TABLE owners (id INTEGER PRIMARY KEY, name TEXT NOT NULL, mail TEXT UNIQUE);
    CREATE TABLE dogs (chip TEXT PRIMARY KEY, owner INTEGER REFERENCES owners (id), photo BLOB);
    CREATE TABLE visits (day TEXT, note TEXT);
    BEGIN;
  `);
  const owner = db.prepare('INSERT INTO owners VALUES (?, ?, ?)');
  const dog = db.prepare('INSERT INTO dogs VALUES (?, ?, ?)');
  const visit = db.prepare('INSERT INTO visits VALUES (?, ?)');
  for (let id = 1; id <= rows; id += 1) {
    owner.run(id, `${SECRET} ${random.digits(6)}`, `${SECRET}-${id}@example.org`);
    const photo = Buffer.from(`${SECRET} ${random.digits(40)}`.repeat(1700));
    dog.run(`${SECRET}-${random.digits(15)}`, id, id % 16 === 1 ? photo : null);
    visit.run(`2024-01-${String(random.integer(10, 28))}`, `${SECRET} ${random.digits(3)}`);
  }
  db.exec('COMMIT');
  db.close();
}

/** What flows get from outside, without threads, clock or terminal. */
export const ENVIRONMENT: Environment = {
  adapters: INLINE_ADAPTERS,
  targets: TARGETS,
  startWorkers: startInline,
  variables: {},
  progress: { begin() {}, update() {}, end() {}, say() {} },
  now: () => new Date(0),
  random: (bytes) => randomBytes(bytes),
  cwd: '/',
  temporary: tmpdir(),
  processors: 2,
  pid: process.pid,
  tool: { name: 'sealift', version: '0.0.0' },
  versions: { timeZoneData: 'test', unicode: 'test' },
  selfArgv: [],
  runSelf: () => {
    throw new Error('these tests start no process of their own');
  },
  runProgram: (program, args, options) => runProgram(process.env, program, args, options),
  signal: new AbortController().signal,
  onInterrupt: () => () => {},
  watchMemory: () => () => {},
  stopping: new AbortController().signal,
  databases: new Map(),
  stores: new Map(),
};

/** Makes the mapping of a project in this process. */
export function initialise(project: string, ids: 'keep' | 'uuid' = 'uuid'): Promise<Outcome> {
  const source = `sqlite:${join(project, 'legacy.db')}`;
  return init({ project, cwd: project, source, ids }, ENVIRONMENT);
}

/** Migrates a project in this process. */
export function migrateHere(
  project: string,
  options: Partial<MigrateOptions> = {},
  environment: Environment = ENVIRONMENT,
): Promise<Outcome> {
  const all: MigrateOptions = {
    project,
    cwd: project,
    sources: new Map(),
    runId: 'run-test',
    failAfter: null,
    allowRejected: 0,
    workers: 1,
    memory: 2 ** 28,
    ...options,
  };
  return migrate(all, environment, openFindings(project));
}

/** A new project with database and mapping; the caller removes it. */
export async function newProject(rows: number = 20, seed: number = 1): Promise<string> {
  const project = temporaryFolder();
  await copyPrepared(`kennel-${rows}-${seed}`, project, (folder) => {
    writeKennel(join(folder, 'legacy.db'), rows, seed);
    return initialise(folder);
  });
  return project;
}

/**
 * Everything in a folder: relative path → mode and digest, link target, or kind. Two equal trees
 * have equal maps; `without` are paths (with what lies below) that do not count.
 */
export function treeOf(folder: string, without: readonly string[] = []): Map<string, string> {
  const tree = new Map<string, string>();
  const visit = (relative: string): void => {
    for (const name of readdirSync(join(folder, relative)).sort()) {
      const path = relative === '' ? name : `${relative}/${name}`;
      if (without.includes(path)) continue;
      const full = join(folder, path);
      const stat = lstatSync(full, { throwIfNoEntry: false });
      if (stat === undefined) {
        tree.set(path, 'a name that is not UTF-8');
      } else if (stat.isDirectory()) {
        tree.set(path, 'folder');
        visit(path);
      } else if (stat.isSymbolicLink()) {
        tree.set(path, `link ${readlinkSync(full)}`);
      } else if (stat.isFile()) {
        tree.set(path, createHash('sha256').update(readFileSync(full)).digest('hex'));
      } else {
        tree.set(path, 'other');
      }
    }
  };
  visit('');
  return tree;
}
