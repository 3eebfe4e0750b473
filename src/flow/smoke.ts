/**
 * smoke: reads what is live by the queries of mapping/smoke.json, as an application would: by the
 * live link. Compares what it finds with what is expected, and searches logs since the candidate
 * went live. Changes nothing but the journal.
 */

import { basename, resolve } from 'node:path';

import type { FindingStore } from '../findings/findingStore.ts';
import { readJournal } from '../journal/journal.ts';
import { eventOf } from '../journal/readEvent.ts';
import { loadMapping } from '../mapping/loadMapping.ts';
import { readSmoke, SMOKE_FILE, type LogQuery, type SmokeFile } from '../mapping/smokeFile.ts';
import { searchFor } from '../mapping/compile/pattern.ts';
import { Failure } from '../outcome/failure.ts';
import { checkOutcome, type Outcome } from '../outcome/outcome.ts';
import { candidateNamed } from '../project/candidateNamed.ts';
import { assertFileAsFrozen } from '../project/freezeInForce.ts';
import { readLivePointer } from '../project/liveLink.ts';
import { outsideFindings } from '../project/origin.ts';
import { projectPaths, type ProjectPaths } from '../project/paths.ts';
import { journalSmoke } from '../promote/journalScan.ts';
import type { Environment } from '../run/environment.ts';
import { operatorOf } from '../run/operator.ts';
import { computedSealId, statedSealId } from '../seal/sealedFolders.ts';
import { instantOf, searchLog } from '../smoke/logs.ts';
import { runQueries, type SmokeTally } from '../smoke/runQueries.ts';

export interface SmokeOptions {
  readonly project: string;
  /** A name for candidateNamed, to rehearse; what is live if null. */
  readonly candidate: string | null;
  /** A log beside those of smoke.json, relative to the working directory. */
  readonly log: string | null;
  /** Patterns that must not occur in it. */
  readonly forbid: readonly string[];
  /** Time from which lines of logs count; null for that at which the candidate went live. */
  readonly since: string | null;
  readonly who: string | null;
}

/** Tests what is live. A failure means that it could not be tested. */
export async function smoke(
  options: SmokeOptions,
  env: Environment,
  found: FindingStore,
): Promise<Outcome> {
  const { project, candidate } = options;
  const who = operatorOf(options.who, env);
  const since = sinceOf(options);
  const extra = extraLog(options);
  const paths = projectPaths(project);
  const queries = await readSmoke(paths.mapping);
  if (candidate === null) await assertFileAsFrozen(paths.root, SMOKE_FILE, queries.sha256);
  const folder = candidateNamed(candidate ?? 'live', project, env.cwd);
  const live = candidate === null;
  const sealId = computedSealId(folder);
  const held = { folder, sealId, project };
  for (const one of outsideFindings(held, { origin: true, live }, env)) found.add(one);
  if (sealId === null || sealId !== (statedSealId(folder) ?? sealId)) {
    const reason = 'the seal id of the candidate differs from the name of its folder';
    found.add({ rule: 'seal-unexpected', severity: 'BLOCKER', reason });
  }
  const tally = await queried(folder, queries, found);
  const from = since ?? (live ? liveSince(paths, basename(folder)) : null);
  const logs = [
    ...queries.logs.map((query) => ({ query, path: resolve(paths.root, query.file) })),
    ...extra.map((query) => ({ query, path: resolve(env.cwd, query.file) })),
  ];
  const notes = await searched(logs, from, found);
  if (live && readLivePointer(paths.live) !== basename(folder)) {
    report(found, 'another candidate went live during the test');
  }
  const outcome = checkOutcome({
    command: 'smoke',
    ...(sealId === null ? {} : { sealId }),
    candidate: live ? paths.live : folder,
    modules: [],
    findings: found.list,
    checked: { checks: ['queries', ...(logs.length === 0 ? [] : ['logs'])], ...tally, lowered: [] },
    facts: { queries: queries.sha256 },
    notes: [...notes, ...(live ? [] : ['a rehearsal: this test is not in the journal'])],
  });
  return live ? journalSmoke({ project, sealId, who }, outcome, env) : outcome;
}

async function queried(
  folder: string,
  queries: SmokeFile,
  found: FindingStore,
): Promise<SmokeTally> {
  const mapping = await loadMapping(folder, { sealed: true });
  const add = found.add.bind(found);
  const tally = await runQueries({ folder, mapping, smoke: queries, add });
  if (tally.records === 0) report(found, 'no query has read a record, so nothing was proven');
  return tally;
}

function report(found: FindingStore, reason: string): void {
  found.add({ rule: 'smoke', severity: 'BLOCKER', reason });
}

interface NamedLog {
  readonly query: LogQuery;
  readonly path: string;
}

/** Searches the logs; returns notes on how much of each was searched. */
async function searched(
  logs: readonly NamedLog[],
  since: number | null,
  found: FindingStore,
): Promise<string[]> {
  const notes: string[] = [];
  for (const { query, path } of logs) {
    const { findings, note } = await searchLog({ query, path, since });
    for (const finding of findings) found.add(finding);
    if (note !== '') notes.push(note);
  }
  return notes;
}

/**
 * Returns when the candidate went live, in seconds: the intent of the last move to it, so that no
 * line after the switch is left out. Null if no command made it live, so that all lines count.
 */
function liveSince({ journal }: ProjectPaths, name: string): number | null {
  const entry = readJournal(journal).entries.findLast((one) => {
    const event = eventOf(one);
    return event.event === 'move' && event.step === 'intended' && event.to === name;
  });
  return entry === undefined ? null : instantOf(entry.at);
}

/** @throws Failure USAGE if the time is none */
function sinceOf({ since }: SmokeOptions): number | null {
  const time = since === null ? null : instantOf(since);
  if (since === null || time !== null) return time;
  throw new Failure('USAGE', {
    what: 'this is not a time with an offset',
    where: '--since',
    hint: 'write it like 2026-12-06T02:30:00+01:00',
  });
}

/** @throws Failure USAGE for a log without patterns, patterns without a log, or a wrong one */
function extraLog({ log, forbid }: SmokeOptions): LogQuery[] {
  if (log === null && forbid.length === 0) return [];
  if (log === null || forbid.length === 0) {
    throw new Failure('USAGE', {
      what: '--log and --forbid belong together',
      where: log === null ? '--forbid' : '--log',
      hint: 'give a log, and patterns that must not occur in it',
    });
  }
  const bad = forbid.findIndex((pattern) => searchFor(pattern) === null);
  if (bad < 0) return [{ file: log, forbid }];
  throw new Failure('USAGE', {
    what: `pattern ${bad + 1} is not valid RE2 syntax`,
    where: '--forbid',
    hint: 'correct it',
  });
}
