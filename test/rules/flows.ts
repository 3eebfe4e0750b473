/** A planted project, and the commands on it, in this process: what each says, as data. */

import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';

import Database from 'better-sqlite3';

import { openFindings, type FindingStore } from '../../src/findings/findingStore.ts';
import { dryRun } from '../../src/flow/dryRun.ts';
import { migrate, type MigrateOptions } from '../../src/flow/migrate.ts';
import { promote } from '../../src/flow/promote.ts';
import { scan } from '../../src/flow/scan.ts';
import { verifyChecksums } from '../../src/flow/verifyChecksums.ts';
import { Failure } from '../../src/outcome/failure.ts';
import type { Finding } from '../../src/outcome/finding.ts';
import type { Outcome, Status } from '../../src/outcome/outcome.ts';
import type { Environment } from '../../src/run/environment.ts';
import { ENVIRONMENT as WITHOUT_KEY } from '../fault/fixture.ts';
import { writeMapping } from '../kit/project.ts';
import { PROMOTE } from '../promote/fixture.ts';
import { sharedFolder } from '../kit/sharedFolder.ts';

/** A small source and its mapping. */
export interface Source {
  readonly sql: string;
  readonly modules: Readonly<Record<string, object>>;
  readonly registries?: Readonly<Record<string, string>>;
}

/** What a command said. */
export interface Said {
  readonly status: Status;
  /** Code and line of its failure; '' where there is none. */
  readonly code: string;
  readonly line: string;
  readonly findings: readonly Finding[];
  readonly outcome: Outcome | null;
}

/** Id of the key of planted policies. */
export const KEY_ID = 'rules';
/** The variable of that key. */
export const SECRETS = { SEALIFT_KEY_RULES: '0123456789abcdef'.repeat(4) } as const;

const ENVIRONMENT: Environment = { ...WITHOUT_KEY, variables: SECRETS };

const ROOT = sharedFolder('rules');
let projects = 0;

/** A new project; `severities` are those of the project. */
export function projectOf(source: Source, severities: readonly object[] = []): string {
  projects += 1;
  const project = join(ROOT, String(projects));
  mkdirSync(project);
  change(project, source.sql);
  const { modules, registries = {} } = source;
  const sources = { main: 'sqlite:legacy.db' };
  writeMapping(project, { sources, modules, registries, severities });
  return project;
}

/** Runs SQL on a project's source. */
export function change(project: string, sql: string): void {
  const db = new Database(join(project, 'legacy.db'));
  db.exec(sql);
  db.close();
}

export async function said(
  work: (found: FindingStore) => Promise<Outcome>,
  kind: 'action' | 'check' = 'check',
): Promise<Said> {
  const found = openFindings(ROOT);
  try {
    const outcome = await work(found);
    const findings = [...outcome.findings];
    return { status: outcome.status, code: '', line: '', findings, outcome };
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    const status = kind === 'action' ? 'FAILED' : 'FAIL';
    const findings = [...found.list];
    return { status, code: error.code, line: error.line(), findings, outcome: null };
  } finally {
    found.close();
  }
}

const MEMORY = 2 ** 27;

function at(project: string): { project: string; cwd: string; sources: Map<string, string> } {
  return { project, cwd: project, sources: new Map() };
}

export const dryRunOf = (project: string): Promise<Said> =>
  said((found) => dryRun({ ...at(project), workers: 1, memory: MEMORY }, ENVIRONMENT, found));

export function migrateOf(project: string, options: Partial<MigrateOptions> = {}): Promise<Said> {
  const given = { runId: 'rules', failAfter: null, allowRejected: 0, workers: 1, memory: MEMORY };
  return said(
    (found) => migrate({ ...at(project), ...given, ...options }, ENVIRONMENT, found),
    'action',
  );
}

export const scanAllOf = (project: string): Promise<Said> =>
  said((found) => {
    const options = { command: 'scan-all', project, modules: null, recount: at(project) } as const;
    return scan({ ...options, workers: 1, memory: MEMORY }, ENVIRONMENT, found);
  });

export const scanModulesOf = (project: string, modules: readonly string[]): Promise<Said> =>
  said((found) => {
    const options = { command: 'scan-module', project, modules, recount: null } as const;
    return scan({ ...options, workers: 1, memory: MEMORY }, ENVIRONMENT, found);
  });

export const verifyOf = (project: string, expectSeal: string | null = null): Promise<Said> =>
  said(() => verifyChecksums({ project, candidate: null, expectSeal, workers: 1 }, ENVIRONMENT));

export function promoteOf(
  project: string,
  allowWarnings: boolean,
  sourceGone: boolean = false,
): Promise<Said> {
  const about = { ...at(project), allowWarnings, sourceGone, who: 'Ada' };
  return said(() => promote({ ...PROMOTE, ...about }, ENVIRONMENT), 'action');
}

export function isLive(project: string): boolean {
  return existsSync(join(project, 'storage_live'));
}

export function isBuilt(project: string): boolean {
  return existsSync(join(project, 'storage_candidate/v1'));
}
