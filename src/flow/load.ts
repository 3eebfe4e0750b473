/**
 * load: verifies a scanned candidate again, and writes its records to a database: tables, rows,
 * constraints. Killed at any moment, the next load of the same seal goes on.
 */

import { join, resolve } from 'node:path';

import { entriesOf, statOf } from '../disk/noLinks.ts';
import type { FindingStore } from '../findings/findingStore.ts';
import { signed, type JournalEvent } from '../journal/event.ts';
import { appendToJournal } from '../journal/journal.ts';
import { findProblems, loadCandidate, type Loaded, type LoadWork } from '../load/loadCandidate.ts';
import { readNames } from '../load/namesFile.ts';
import { counted, grouped } from '../outcome/counted.ts';
import { Failure } from '../outcome/failure.ts';
import { actionOutcome, type Outcome } from '../outcome/outcome.ts';
import { projectPaths, type ProjectPaths } from '../project/paths.ts';
import { assertSealId } from '../project/sealIdOption.ts';
import { locateTarget } from '../project/targetUrl.ts';
import {
  assertExpected,
  assertNoSample,
  assertScanned,
  assertSealedHere,
  chosen,
  type Chosen,
} from '../promote/candidacy.ts';
import { verifyWhole } from '../promote/pointerSession.ts';
import type { Environment } from '../run/environment.ts';
import { operatorOf } from '../run/operator.ts';
import type { Workers } from '../run/workers.ts';
import { MAX_SEAL_FILE, plainSize, readPlainFile } from '../seal/files.ts';
import { BLOBS_FOLDER, SCHEMA_FILE, type RunFile } from '../seal/format.ts';
import { readSealedFindings } from '../seal/sealedFindings.ts';
import { sealedLines } from '../seal/sealedLines.ts';
import { sealedPath, sealIdOf } from '../seal/sealedFolders.ts';
import { targetNames } from '../target/targetNames.ts';
import { tableForms, type TableForm } from '../target/tableForm.ts';
import type { LoadInto, MaxLag, Target } from '../target/target.ts';

export interface LoadOptions extends Chosen {
  readonly project: string;
  /** URL of the target. */
  readonly target: string;
  /** Schema with tables that are there; null for a schema of the load's own. */
  readonly into: string | null;
  /** File of the names of tables and columns that are there; null if they are the same. */
  readonly names: string | null;
  /** First part of the name of a schema of the load's own; null for the default. */
  readonly schema: string | null;
  /** Whether rows of others may be in the tables. */
  readonly allowRows: boolean;
  /** Names of constraints that are left out. */
  readonly without: readonly string[];
  readonly rowsPerSecond: number | null;
  readonly maxLag: MaxLag | null;
  /** Milliseconds that a batch takes. */
  readonly batchMs: number;
  readonly dryRun: boolean;
  readonly who: string | null;
  readonly workers: Workers;
}

const CONNECT_MS = 30_000;

/** Loads a candidate. A failure loses nothing: the next run goes on. */
export async function load(
  options: LoadOptions,
  env: Environment,
  found: FindingStore,
): Promise<Outcome> {
  assertSealId(options.expectSeal);
  const paths = projectPaths(options.project);
  const who = operatorOf(options.who, env);
  const { adapter, location } = locateTarget(options.target, env);
  const name = chosen(paths, options);
  assertExpected(name, options.expectSeal);
  if (options.expectSeal === null) assertSealedHere(paths, name);
  await assertScanned(paths, name, options, env.now());
  const { run, dataRoot } = await verifyWhole(paths.candidates, name, options.workers, env);
  if (run === null || dataRoot === null) throw new Error('a verified candidate has a run file');
  assertNoSample({ run }, name);
  const folder = sealedPath(paths.candidates, name);
  const tables = tablesOf(folder, run, options);
  const sealId = sealIdOf(name);
  const seal = { sealId, dataRoot, tool: env.tool.version, who };
  const facts = { seal, tables, nulModules: await modulesWithNul(folder, run) };
  const target = await adapter.open(location, loadInto(folder, facts, options, env));
  const forget = env.onInterrupt(() => {
    void target.close();
  });
  const work: LoadWork = {
    folder,
    tables,
    rowsPerSecond: options.rowsPerSecond,
    display: env.progress,
    now: env.now,
    signal: env.signal,
  };
  try {
    if (target.state.kind !== 'complete') await assertFits(target, work, found);
    const notes = await done(target, work, { paths, sealId, dataRoot, who, options }, env);
    return actionOutcome({
      command: 'load',
      runId: run.runId,
      sealId,
      dataRoot,
      candidate: folder,
      modules: sealedLines(run),
      findings: found.list,
      facts: { target: target.label, ddl: target.ddl },
      notes,
    });
  } finally {
    forget();
    await target.close();
  }
}

/** Puts together what an adapter has to know. */
function loadInto(
  folder: string,
  facts: Pick<LoadInto, 'seal' | 'tables' | 'nulModules'>,
  options: LoadOptions,
  env: Environment,
): LoadInto {
  const { into, allowRows, without, dryRun, names, schema, rowsPerSecond, batchMs } = options;
  const { variables, signal, now, pid, cwd } = env;
  const { tables } = facts;
  if (names !== null && into === null) {
    throw new Failure('USAGE', {
      what: 'the tables get the names of the modules',
      where: '--names',
      hint: 'leave it out, or name a schema with tables that are there with --into',
    });
  }
  return {
    ...facts,
    names: targetNames(names === null ? new Map() : readNames(resolve(cwd, names), tables)),
    largestBlobs: largestBlobs(folder, tables),
    into,
    name: schema,
    allowRows,
    without,
    dryRun,
    throttle: { rowsPerSecond, lag: options.maxLag, batchMs },
    outside: { variables, signal, now, pid, connectMs: CONNECT_MS },
  };
}

/** Reports all that does not fit. @throws Failure TARGET if there is anything */
async function assertFits(target: Target, work: LoadWork, found: FindingStore): Promise<void> {
  const problems = await findProblems(target, work);
  for (const { what: reason, ...about } of problems) {
    found.add({ rule: 'target', severity: 'BLOCKER', ...about, reason });
  }
  if (problems.length === 0) return;
  throw new Failure('TARGET', {
    what: `${counted(problems.length, 'thing')} in the target ${problems.length === 1 ? 'does' : 'do'} not fit, nothing was written`,
    where: target.label,
    hint: 'do what the findings say, then run again',
  });
}

interface About {
  readonly paths: ProjectPaths;
  readonly sealId: string;
  readonly dataRoot: string;
  readonly who: string | null;
  readonly options: LoadOptions;
}

/** Does what is left to do; returns the notes. */
async function done(
  target: Target,
  work: LoadWork,
  { paths, sealId, dataRoot, who, options }: About,
  env: Environment,
): Promise<string[]> {
  const place = `target     ${target.label}`;
  if (options.dryRun) {
    const ddl = target.ddl.flatMap((sql) => `${sql};`.split('\n'));
    return [...ddl, place, stateNote(target), ...target.notes];
  }
  if (target.state.kind === 'complete') return [place, stateNote(target)];
  const journal = (event: JournalEvent): void => {
    const writer = { command: 'load', pid: env.pid, at: env.now().toISOString() };
    appendToJournal(paths.journal, writer, [signed(event, who)]);
  };
  const about = { sealId, target: target.label };
  journal({ event: 'load-begun', ...about, dataRoot });
  const loaded = await loadCandidate(target, work);
  journal({ event: 'load-done', ...about, records: loaded.before + loaded.written });
  return [place, ...loadedNotes(loaded), ...target.notes];
}

function stateNote({ state }: Target): string {
  if (state.kind === 'complete') {
    return `this seal was loaded there already, at ${state.at}; nothing was changed`;
  }
  return state.kind === 'new'
    ? 'a dry run: nothing was written, and nothing of this seal is there'
    : 'a dry run: nothing was written; a load of this seal was begun there, and would go on';
}

function loadedNotes({ written, before }: Loaded): string[] {
  const all = `${grouped(written)} of ${grouped(written + before)} records written, and counted by the target`;
  return before === 0 ? [all] : [`${all}; a load before had written the others`];
}

/** Returns the size of the largest blob of each module that has one. */
function largestBlobs(folder: string, tables: readonly TableForm[]): Map<string, number> {
  const largest = new Map<string, number>();
  for (const { module, columns } of tables) {
    if (!columns.some(({ type }) => type.kind === 'blob')) continue;
    const blobs = join(folder, module, BLOBS_FOLDER);
    // A module without any content has no folder.
    if (statOf(blobs) === undefined) continue;
    for (const { name } of entriesOf(blobs)) {
      largest.set(module, Math.max(largest.get(module) ?? 0, plainSize(join(blobs, name))));
    }
  }
  return largest;
}

/** Returns the modules of which a finding says that a text of the source had U+0000. */
async function modulesWithNul(folder: string, { modules }: RunFile): Promise<Set<string>> {
  const found = new Set<string>();
  for (const { name, findings } of modules) {
    if (findings === 0) continue;
    for await (const batch of readSealedFindings(folder, name)) {
      if (batch.some((finding) => finding?.rule === 'text-nul')) {
        found.add(name);
        break;
      }
    }
  }
  return found;
}

/** Reads the sealed form of every module; with `--into`, external records stay where they are. */
function tablesOf(folder: string, { modules }: RunFile, { into }: LoadOptions): TableForm[] {
  const sealed = modules.map(({ name: module, count }) => {
    const path = join(folder, module, SCHEMA_FILE);
    const bytes = readPlainFile(path, MAX_SEAL_FILE);
    if (bytes === null) {
      throw new Failure('CANDIDATE', {
        what: 'the file was there when it was verified, and cannot be read now',
        where: path,
        hint: 'find out what removed it, then run again',
      });
    }
    return { module, count, schema: JSON.parse(bytes.toString('utf8')) as unknown };
  });
  return tableForms(sealed).filter(({ external }) => into === null || !external);
}
