/** Projects whose dogs take their ids from registries, and the commands about them, in this process. */

import { mkdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import Database from 'better-sqlite3';

import { openFindings, type FindingStore } from '../../src/findings/findingStore.ts';
import { dryRun } from '../../src/flow/dryRun.ts';
import { checkFreeze, freeze } from '../../src/flow/freeze.ts';
import { migrate } from '../../src/flow/migrate.ts';
import { registryBuild, registryCheck } from '../../src/flow/registry.ts';
import { exitCodeOfCheck, exitCodeOfFailure } from '../../src/outcome/exitCode.ts';
import { Failure } from '../../src/outcome/failure.ts';
import type { Finding } from '../../src/outcome/finding.ts';
import type { Outcome } from '../../src/outcome/outcome.ts';
import { writeMapping } from '../kit/project.ts';
import { sharedFolder } from '../kit/sharedFolder.ts';
import { ENVIRONMENT } from '../fault/fixture.ts';

export interface Entry {
  readonly legacyId: string;
  readonly targetUuid: string;
  readonly version?: number;
}

/** A target id of one's own. */
export function uuid(number: number): string {
  return `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`;
}

export function ndjson(entries: readonly Entry[]): string {
  return entries.map((entry) => `${JSON.stringify(entry)}\n`).join('');
}

const FOLDER = sharedFolder('registered');
let projects = 0;

/** A project with a row for each chip, and registries by name. */
export function project(
  chips: readonly (string | null)[],
  registries: Readonly<Record<string, readonly Entry[]>>,
  rest: object = {},
): string {
  projects += 1;
  const folder = join(FOLDER, String(projects));
  mkdirSync(folder);
  const db = new Database(join(folder, 'legacy.db'));
  db.exec('CREATE TABLE dogs (chip TEXT, name TEXT)');
  const insert = db.prepare('INSERT INTO dogs VALUES (?, ?)');
  for (const chip of chips) insert.run(chip, 'Rex');
  db.close();
  const texts = Object.entries(registries).map(([name, entries]) => [name, ndjson(entries)]);
  const dogs = {
    source: { table: 'dogs' },
    key: [{ column: 'chip', type: 'string' }],
    id: { rule: 'registry', registry: 'dogs' },
    fields: { name: { column: 'name', type: 'string' } },
    ...rest,
  };
  writeMapping(folder, {
    sources: { main: 'sqlite:legacy.db' },
    modules: { dogs },
    registries: Object.fromEntries(texts) as Record<string, string>,
  });
  return folder;
}

export function registryOf(folder: string, file: string = 'dogs.ndjson'): string {
  return readFileSync(join(folder, 'mapping/registries', file), 'utf8');
}

/** What a command said. */
export interface Said {
  readonly code: number;
  /** The line of its failure, '' where there is none. */
  readonly line: string;
  readonly notes: readonly string[];
  readonly findings: readonly Finding[];
}

type Work = (folder: string, found: FindingStore) => Promise<Outcome>;

async function said(kind: 'action' | 'check', folder: string, work: Work): Promise<Said> {
  const found = openFindings(tmpdir());
  try {
    const { status, notes } = await work(folder, found);
    const code = status === 'DONE' || status === 'FAILED' ? 0 : exitCodeOfCheck(status);
    return { code, line: '', notes, findings: [...found.list] };
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    const code = exitCodeOfFailure(error.code, kind);
    return { code, line: error.line(), notes: [], findings: [...found.list] };
  } finally {
    found.close();
  }
}

const look = (folder: string): { project: string; cwd: string; sources: Map<string, string> } => {
  return { project: folder, cwd: folder, sources: new Map() };
};
const plan = { workers: 1, memory: 2 ** 28, runId: 'run-test', failAfter: null, allowRejected: 0 };

export const check = (folder: string): Promise<Said> =>
  said('check', folder, (_, found) => registryCheck(look(folder), ENVIRONMENT, found));

export const build = (folder: string, modules: readonly string[] = []): Promise<Said> =>
  said('action', folder, () => registryBuild({ ...look(folder), modules }, ENVIRONMENT));

export const freezeIt = (
  folder: string,
  why: string = 'CHG-1',
  who: string = 'Ada',
): Promise<Said> =>
  said('action', folder, () => freeze({ project: folder, who, why }, ENVIRONMENT));

export const freezeCheck = (folder: string): Promise<Said> =>
  said('check', folder, (_, found) => checkFreeze({ project: folder }, found));

export const runMigrate = (folder: string): Promise<Said> =>
  said('action', folder, (_, found) => migrate({ ...look(folder), ...plan }, ENVIRONMENT, found));

export const runDry = (folder: string): Promise<Said> =>
  said('check', folder, (_, found) => dryRun({ ...look(folder), ...plan }, ENVIRONMENT, found));

/** Findings as texts: severity, rule and places. */
export function placesOf({ findings }: Said): string[] {
  return findings
    .map(({ severity, rule, source, members = [] }) => {
      const places = [...(source === undefined ? [] : [source]), ...members];
      return `${severity} ${rule} ${places.map(({ table, row }) => `${table} ${row}`).join(', ')}`;
    })
    .sort();
}
