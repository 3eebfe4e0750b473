/** Promote, rollback and their like in this process, for the tests that look at what they leave. */

import { readlinkSync, rmSync, symlinkSync } from 'node:fs';
import { basename, join } from 'node:path';

import { openFindings } from '../../src/findings/findingStore.ts';
import { promote, type PromoteOptions } from '../../src/flow/promote.ts';
import { prune, type PruneOptions } from '../../src/flow/prune.ts';
import { rollback, type RollbackOptions } from '../../src/flow/rollback.ts';
import { scan } from '../../src/flow/scan.ts';
import { status } from '../../src/flow/status.ts';
import { appendMembers, readJournal } from '../../src/journal/journal.ts';
import type { Journal, JournalMembers } from '../../src/journal/line.ts';
import type { Outcome } from '../../src/outcome/outcome.ts';
import { linkState } from '../../src/disk/durable.ts';
import { sealIdOf } from '../../src/seal/sealedFolders.ts';
import { ENVIRONMENT, migrateHere } from '../fault/fixture.ts';

export const storeOf = (project: string): string => join(project, 'storage_candidate');
export const journalOf = (project: string): string => join(project, 'storage_journal');

/** Builds a candidate and returns its name. */
export async function build(project: string, runId: string): Promise<string> {
  await migrateHere(project, { runId });
  return basename(readlinkSync(join(storeOf(project), 'v1')));
}

/** scan-all, without counting the rows of the source again. */
export async function scanHere(project: string, modules: string[] | null = null): Promise<Outcome> {
  const found = openFindings(project);
  try {
    const command = modules === null ? 'scan-all' : 'scan-module';
    const options = { command, project, modules, recount: null, workers: 1, memory: 2 ** 26 };
    return await scan({ ...options, command }, ENVIRONMENT, found);
  } finally {
    found.close();
  }
}

/** What promote is asked by default, but for the project. */
export const PROMOTE: Omit<PromoteOptions, 'project' | 'cwd'> = {
  candidate: null,
  expectSeal: null,
  allowWarnings: false,
  sources: new Map(),
  sourceGone: false,
  workers: 1,
  memory: 2 ** 28,
  dryRun: false,
  who: null,
};

export function promoteHere(
  project: string,
  options: Partial<PromoteOptions> = {},
): Promise<Outcome> {
  return promote({ ...PROMOTE, project, cwd: project, ...options }, ENVIRONMENT);
}

export function rollbackHere(
  project: string,
  options: Partial<RollbackOptions> = {},
): Promise<Outcome> {
  return rollback(
    { project, to: null, workers: 1, dryRun: false, who: null, ...options },
    ENVIRONMENT,
  );
}

export function pruneHere(project: string, options: Partial<PruneOptions> = {}): Promise<Outcome> {
  const all = { project, keep: [], damaged: false, dryRun: false, who: null };
  return prune({ ...all, ...options }, ENVIRONMENT);
}

export function statusHere(project: string): Promise<Outcome> {
  return status(project, ENVIRONMENT);
}

export function journal(project: string): Journal {
  return readJournal(journalOf(project));
}

/** Names of the events after the first line. */
export function eventsOf(project: string): string[] {
  return journal(project)
    .entries.slice(1)
    .map(({ event }) => event);
}

export function append(project: string, events: readonly JournalMembers[]): void {
  const writer = { command: 'test', pid: process.pid, at: '2025-01-31T10:00:00.000Z' };
  appendMembers(journalOf(project), writer, events);
}

/** What the live link leads to; null where there is none. */
export function liveOf(project: string): string | null {
  const link = linkState(join(project, 'storage_live'));
  return typeof link === 'string' ? null : basename(link.target);
}

/** Changes the live link as somebody with a shell would. */
export function pointByHand(project: string, name: string | null): void {
  const link = join(project, 'storage_live');
  rmSync(link, { force: true });
  if (name !== null) symlinkSync(`storage_candidate/sealed/${name}`, link);
}

/** Journals a scan of a candidate that passed; what it was scanned with is taken from another's. */
export function scanEntryOf(project: string, name: string, like: Partial<JournalMembers>): void {
  const last = journal(project).entries.findLast(({ event }) => event === 'scan');
  const counts = { BLOCKER: 0, WARNING: 0, INFO: 0 };
  const scanned = { event: 'scan', checks: last?.['checks'] ?? null, verdict: 'PASS', counts };
  append(project, [{ ...scanned, ...like, sealId: sealIdOf(name) }]);
}
