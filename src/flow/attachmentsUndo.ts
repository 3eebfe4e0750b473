/**
 * attachments rollback, purge and prune: what is done with a run afterwards. A rollback clears the keys,
 * so that reads fall back to disk; purge removes files whose objects are verified; prune removes objects
 * that no row needs.
 */

import { join } from 'node:path';

import { realRoot } from '../attachments/localFile.ts';
import { pruneObjects } from '../attachments/pruneObjects.ts';
import { purgeFiles } from '../attachments/purgeFiles.ts';
import { rollBackRows } from '../attachments/rollBackRows.ts';
import { rowMembers, type RowEvent } from '../attachments/runEvent.ts';
import { withRun, type RunReading, type RunRow } from '../attachments/runIndex.ts';
import type { FindingStore } from '../findings/findingStore.ts';
import { byteCount } from '../outcome/byteCount.ts';
import { counted, grouped } from '../outcome/counted.ts';
import { Failure } from '../outcome/failure.ts';
import { actionOutcome, type Outcome, type Place } from '../outcome/outcome.ts';
import type { Rule } from '../outcome/rules.ts';
import { assertContinues, holdRun, placesOfRun } from '../project/attachmentRun.ts';
import { openAttachments, type OpenAttachments } from '../project/openAttachments.ts';
import { projectPaths } from '../project/paths.ts';
import type { Environment } from '../run/environment.ts';
import { operatorOf } from '../run/operator.ts';

export interface AttachmentsUndoOptions {
  readonly project: string;
  readonly run: string;
  readonly dryRun: boolean;
  readonly concurrency: number;
  readonly who: string | null;
}

/** What a command did: numbers by name for the journal, sentences and a picture for people. */
interface Done {
  readonly counts: Readonly<Record<string, number>>;
  readonly refused: number;
  readonly notes: readonly string[];
  readonly places: readonly Place[];
}

interface Work {
  readonly reading: RunReading;
  readonly open: OpenAttachments;
  /** Appends lines about rows; null in a dry run. */
  readonly journal: ((events: readonly RowEvent[]) => void) | null;
  readonly onRefused: (row: RunRow, refusal: { refused: Rule; reason: string }) => void;
  readonly options: AttachmentsUndoOptions;
  readonly env: Environment;
}

/** Clears the keys that a run has given. */
export function attachmentsRollback(
  options: AttachmentsUndoOptions,
  env: Environment,
  found: FindingStore,
): Promise<Outcome> {
  return withHeld('attachments rollback', 'none', options, env, found, rollBack);
}

/** Removes the files of a run, each after its object was verified. */
export function attachmentsPurge(
  options: AttachmentsUndoOptions,
  env: Environment,
  found: FindingStore,
): Promise<Outcome> {
  return withHeld('attachments purge', 'reads', options, env, found, purge);
}

/** Removes the objects of a run that no row needs. */
export function attachmentsPrune(
  options: AttachmentsUndoOptions,
  env: Environment,
  found: FindingStore,
): Promise<Outcome> {
  return withHeld('attachments prune', 'writes', options, env, found, prune);
}

async function rollBack({ reading, open, journal, onRefused, options, env }: Work): Promise<Done> {
  const { index } = reading;
  const { rows } = { rows: index.totals.stored.rows + index.totals.purged.rows };
  env.progress.begin('attachments', rows, { unit: 'row' });
  const done = await rollBackRows({
    index,
    tables: open.tables,
    root: realRoot(open.root),
    concurrency: options.concurrency,
    stopping: env.stopping,
    journal,
    onRefused,
    onRow({ restored, bytes, refused, changed }) {
      env.progress.update(restored + refused + changed, bytes, refused);
    },
  });
  env.progress.end();
  const { restored, bytes, refused, changed } = done;
  const what = `${counted(restored, 'row')} ${options.dryRun ? 'would read' : 'read'} from disk again, ${byteCount(bytes)}`;
  return {
    counts: { restored, refused, changed },
    refused,
    notes: [
      what,
      ...unchangedNote(changed),
      ...(options.dryRun ? [] : ['objects stay in the store until sealift attachments prune']),
    ],
    places: [
      { name: 'back on disk', kind: 'good', rows: restored, bytes },
      { name: 'cannot go back', kind: 'bad', rows: refused, bytes: null },
      { name: 'changed since', kind: 'open', rows: changed, bytes: null },
    ],
  };
}

async function purge({ reading, open, journal, onRefused, options, env }: Work): Promise<Done> {
  const { index, scratch } = reading;
  env.progress.begin('attachments', index.totals.stored.rows + index.totals.purged.rows, {
    unit: 'file',
  });
  const done = await purgeFiles({
    index,
    tables: open.tables,
    root: realRoot(open.root),
    store: storeOf(open),
    concurrency: options.concurrency,
    stopping: env.stopping,
    scratch: join(scratch, 'needed.db'),
    journal,
    onRefused,
    onRow({ removed, gone, bytes, refused, changed }) {
      env.progress.update(removed + gone + refused + changed, bytes, refused);
    },
  });
  env.progress.end();
  const { removed, gone, bytes, refused, changed } = done;
  const verb = options.dryRun ? 'would be removed' : 'removed';
  return {
    counts: { removed, gone, refused, changed },
    refused,
    notes: [
      `${counted(removed, 'file')} ${verb}, ${byteCount(bytes)}, each after its object was read and found right`,
      ...(gone === 0 ? [] : [`${counted(gone, 'file')} had been removed before`]),
      ...unchangedNote(changed),
    ],
    places: [
      { name: 'in the store alone', kind: 'good', rows: removed + gone, bytes },
      { name: 'kept on disk', kind: 'bad', rows: refused, bytes: null },
      { name: 'changed since', kind: 'open', rows: changed, bytes: null },
    ],
  };
}

async function prune({ reading, open, journal, options, env }: Work): Promise<Done> {
  const { stored, restored, purged } = reading.index.totals;
  env.progress.begin('objects', stored.rows + restored.rows + purged.rows, { unit: 'object' });
  const done = await pruneObjects({
    index: reading.index,
    tables: open.tables,
    store: storeOf(open),
    concurrency: options.concurrency,
    stopping: env.stopping,
    journal,
    onRow({ removed, bytes, kept }) {
      env.progress.update(removed + kept, bytes);
    },
  });
  env.progress.end();
  const { removed, bytes, kept } = done;
  const verb = options.dryRun ? 'would be removed' : 'removed';
  return {
    counts: { removed, kept },
    refused: 0,
    notes: [
      `${counted(removed, 'object')} ${verb}, ${byteCount(bytes)}, as no row needs them; ${grouped(kept)} kept`,
    ],
    places: [
      { name: 'needed by rows', kind: 'good', rows: kept, bytes: null },
      { name: verb, kind: 'open', rows: removed, bytes },
    ],
  };
}

function storeOf({ store }: OpenAttachments): NonNullable<OpenAttachments['store']> {
  if (store === null) throw new Error('the store was opened');
  return store;
}

function unchangedNote(changed: number): string[] {
  if (changed === 0) return [];
  return [`${counted(changed, 'row')} changed since or were back already, and stayed as they were`];
}

/** Opens all that a command needs, holds the run while `work` goes on, and records it. */
async function withHeld(
  command: string,
  store: 'none' | 'reads' | 'writes',
  options: AttachmentsUndoOptions,
  env: Environment,
  found: FindingStore,
  work: (work: Work) => Promise<Done>,
): Promise<Outcome> {
  const { project, run, dryRun, concurrency } = options;
  const who = operatorOf(options.who, env);
  const paths = projectPaths(project);
  const { journal: path } = placesOfRun(paths, run);
  const changesRows = !dryRun && command === 'attachments rollback';
  const opened = store === 'writes' && dryRun ? 'reads' : store;
  const open = await openAttachments({ project, changesRows, store: opened, concurrency }, env);
  try {
    return await withRun(path, env, async (reading) => {
      assertContinues({ paths, run }, reading.index.end);
      const held = dryRun ? null : holdRun({ paths, run, command, who }, env);
      try {
        const done = await work({
          reading,
          open,
          journal: held === null ? null : (events) => held.append(events.map(rowMembers)),
          onRefused({ table, row }, { refused: rule, reason }) {
            found.add({ rule, severity: 'BLOCKER', module: table, recordId: row, reason });
          },
          options,
          env,
        });
        held?.end(done.counts);
        return outcomeOf(command, done, open, options, found);
      } finally {
        held?.close();
      }
    });
  } finally {
    await open.close();
  }
}

function outcomeOf(
  command: string,
  { counts, refused, notes, places }: Done,
  { database, store }: OpenAttachments,
  { run, dryRun }: AttachmentsUndoOptions,
  found: FindingStore,
): Outcome {
  const outcome = actionOutcome({
    command,
    runId: run,
    findings: found.list,
    places,
    facts: { database: database.label, store: store?.label ?? null, ...counts },
    notes: [
      `database   ${database.label}`,
      ...(store === null ? [] : [`store      ${store.label}`]),
      ...notes,
      ...(dryRun ? ['a dry run: nothing was changed'] : []),
    ],
  });
  if (refused === 0) return outcome;
  const failure = new Failure('REJECTED', {
    what: `${counted(refused, 'row')} stayed as ${refused === 1 ? 'it was' : 'they were'}; all others are done`,
    where: database.label,
    hint: 'do what the findings say, then run it again',
  });
  return { ...outcome, status: 'FAILED', failure: failure.toJSON() };
}
