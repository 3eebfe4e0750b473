/** Small projects whose candidate is sealed, harmed, sealed again and scanned in this process. */

import {
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';

import Database from 'better-sqlite3';
import { afterAll } from 'vitest';

import { openFindings } from '../../src/findings/findingStore.ts';
import { scan } from '../../src/flow/scan.ts';
import { scanDrift, type DriftOptions } from '../../src/flow/scanDrift.ts';
import { appendToJournal } from '../../src/journal/journal.ts';
import type { Finding } from '../../src/outcome/finding.ts';
import type { Outcome } from '../../src/outcome/outcome.ts';
import { canonicalJson } from '../../src/record/canonical.ts';
import { RUN_FILE, type RunFile } from '../../src/seal/format.ts';
import { computedSealId } from '../../src/seal/sealedFolders.ts';
import { readFiles, restore, resum, type Files } from '../fault/corruptions.ts';
import { ENVIRONMENT, migrateHere, newProject, temporaryFolder } from '../fault/fixture.ts';

export interface Scanned {
  readonly outcome: Outcome;
  readonly findings: readonly Finding[];
}

export interface SealedProject {
  readonly path: string;
  readonly candidate: string;
  /** Everything as it was when it was sealed. */
  restore(): void;
  /** Replaces run.json and seals it again, in a folder of its new seal id: consistent all over. */
  reseal(change: (run: RunFile) => unknown): void;
  /** Runs SQL on the source. */
  change(sql: string): void;
}

/** A kennel of 10 owners and 10 dogs and 10 visits, migrated; removed when the file ends. */
export async function sealedProject(
  prepare: (project: string) => void = () => {},
): Promise<SealedProject> {
  const path = await newProject(10);
  afterAll(() => rmSync(path, { recursive: true }));
  prepare(path);
  await migrateHere(path);
  const candidate = join(path, 'storage_candidate/v1');
  const folders = ['mapping', 'storage_candidate/v1'];
  const before: (readonly [string, Files])[] = folders.map((name) => [
    name,
    readFiles(join(path, name)),
  ]);
  const source = join(path, 'legacy.db');
  const database = readFileSync(source);
  return {
    path,
    candidate,
    restore() {
      for (const [name, files] of before) restore(join(path, name), files);
      callBySealId(path);
      writeFileSync(source, database);
    },
    reseal(change) {
      const run = canonicalJson(change(runOf({ candidate })));
      writeFileSync(join(candidate, RUN_FILE), `${run}\n`);
      resum(candidate);
      callBySealId(path);
    },
    change(sql) {
      const db = new Database(source);
      db.exec(sql);
      db.close();
    },
  };
}

/**
 * Gives the folder of what is current the name that its seal id asks for, and the journal the line that
 * goes with it: what checks of the records find is to be seen alone.
 */
export function callBySealId(project: string): void {
  const link = join(project, 'storage_candidate/v1');
  const folder = realpathSync(link);
  const name = join(dirname(folder), computedSealId(folder) ?? '');
  renameSync(folder, name);
  rmSync(link);
  symlinkSync(join('sealed', basename(name)), link);
  const sealed = { event: 'sealed', candidate: basename(name), sealId: basename(name) } as const;
  appendToJournal(
    join(project, 'storage_journal'),
    { command: 'test', pid: process.pid, at: '2025-01-31T10:00:00.000Z' },
    [sealed],
  );
}

export function runOf({ candidate }: Pick<SealedProject, 'candidate'>): RunFile {
  return JSON.parse(readFileSync(join(candidate, RUN_FILE), 'utf8')) as RunFile;
}

const MEMORY = 2 ** 27;

/** scan-all in this process. */
export async function scanAll(
  { path }: SealedProject,
  sources: ReadonlyMap<string, string> = new Map(),
): Promise<Scanned> {
  const recount = { project: path, cwd: path, sources };
  const options = { command: 'scan-all', project: path, modules: null, recount } as const;
  return collected((found) => scan({ ...options, workers: 1, memory: MEMORY }, ENVIRONMENT, found));
}

/** scan-pii in this process. */
export async function scanPii(
  { path }: SealedProject,
  modules: readonly string[] | null,
): Promise<Scanned> {
  const options = { command: 'scan-pii', project: path, modules, checks: ['pii'] } as const;
  const limits = { recount: null, workers: 1, memory: MEMORY };
  return collected((found) => scan({ ...options, ...limits }, ENVIRONMENT, found));
}

/** scan-drift in this process. */
export async function drift(
  { path }: SealedProject,
  options: Partial<DriftOptions> = {},
): Promise<Scanned> {
  const all: DriftOptions = {
    project: path,
    cwd: path,
    sources: new Map(),
    depth: 'records',
    workers: 1,
    memory: MEMORY,
    ...options,
  };
  return collected((found) => scanDrift(all, ENVIRONMENT, found));
}

async function collected(
  work: (found: ReturnType<typeof openFindings>) => Promise<Outcome>,
): Promise<Scanned> {
  const scratch = temporaryFolder();
  const found = openFindings(scratch);
  try {
    const outcome = await work(found);
    return { outcome, findings: [...outcome.findings] };
  } finally {
    found.close();
    rmSync(scratch, { recursive: true });
  }
}

/** Findings as `severity rule module-or-file: reason`. */
export function told(findings: readonly Finding[]): string[] {
  return findings.map(
    ({ severity, rule, module, file, reason }) =>
      `${severity} ${rule} ${[module, file].filter((part) => part !== undefined).join(' ')}: ${reason}`,
  );
}
