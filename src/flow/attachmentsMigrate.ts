/**
 * attachments plan, attachments migrate: moves the files of rows into the store. Each row gets its key
 * only after its object was stored and read back. Killed at any moment, the next run goes on.
 */

import { setTimeout as pause } from 'node:timers/promises';

import { bandwidth, byteBudget } from '../attachments/byteBudget.ts';
import { assertAnyRow, assertNoEmptyKey } from '../attachments/movableRows.ts';
import { realRoot } from '../attachments/localFile.ts';
import { listRun, type ListedRun } from '../attachments/listRun.ts';
import { migratePass, type MigrateWork, type PassCounts } from '../attachments/migrateRows.ts';
import type { ReadBack } from '../attachments/moveFile.ts';
import { countLeft, rowsLeft } from '../attachments/pullRows.ts';
import { rowText, shownRow } from '../project/rowText.ts';
import { rowMembers } from '../attachments/runEvent.ts';
import { withRun } from '../attachments/runIndex.ts';
import { rowSwitch, type SwitchCounts } from '../attachments/switchRows.ts';
import { openFindings, type FindingStore } from '../findings/findingStore.ts';
import { byteCount } from '../outcome/byteCount.ts';
import { counted, grouped } from '../outcome/counted.ts';
import { Failure } from '../outcome/failure.ts';
import { actionOutcome, type Outcome, type Place } from '../outcome/outcome.ts';
import { holdRun, placesOfRun, type HeldRun } from '../project/attachmentRun.ts';
import { openAttachments, type OpenAttachments } from '../project/openAttachments.ts';
import { projectPaths } from '../project/paths.ts';
import type { Environment } from '../run/environment.ts';
import { operatorOf } from '../run/operator.ts';

export interface AttachmentsMigrateOptions {
  readonly project: string;
  /** Name of the run. */
  readonly run: string;
  /** Reads and hashes, and writes nothing anywhere. */
  readonly dryRun: boolean;
  /** Most rows to move; null for all. */
  readonly limit: number | null;
  readonly concurrency: number;
  readonly readBack: ReadBack;
  readonly bytesPerSecond: number | null;
  readonly who: string | null;
}

/** Bytes of files that are in memory at a time. */
const MEMORY = 96 * 2 ** 20;
/** Passes until what is left is told; each takes up what the one before could not move. */
const MOST_PASSES = 4;
/** Between the last pass and the count after it. */
const BETWEEN_COUNTS_MS = 500;

/** Moves what is left on disk. A failure loses nothing: the next run goes on. */
export async function attachmentsMigrate(
  options: AttachmentsMigrateOptions,
  env: Environment,
  found: FindingStore,
): Promise<Outcome> {
  const { project, run, dryRun, concurrency } = options;
  const who = operatorOf(options.who, env);
  const paths = projectPaths(project);
  placesOfRun(paths, run);
  const store = dryRun ? 'reads' : 'writes';
  const open = await openAttachments({ project, changesRows: !dryRun, store, concurrency }, env);
  let held: HeldRun | null = null;
  try {
    await assertAnyRow(open);
    await assertNoEmptyKey(open);
    // A root that is not mounted is told before anything is recorded.
    realRoot(open.root);
    const command = 'attachments migrate';
    held = dryRun ? null : holdRun({ paths, run, command, who, alone: false }, env);
    const moved = await moveAll(open, held, options, env, found);
    // An application that writes such keys does so during the run, too.
    await assertNoEmptyKey(open);
    const listed =
      held !== null && moved.left === 0 && !held.isEmpty() ? await list(held, open, env) : null;
    held?.end(countsOf(moved));
    return outcomeOf(moved, listed, open, options, found);
  } finally {
    held?.close();
    await open.close();
  }
}

/** What a command did, and what it found at its end. */
interface Result {
  /** Of all passes; refused rows of the last one. */
  readonly counts: PassCounts;
  readonly switched: SwitchCounts;
  /** Rows that are on disk at the end. */
  readonly left: number;
  /** Newest row that is on disk although nothing refused it; null if there is none. */
  readonly newest: string | null;
  readonly stopped: boolean;
}

async function moveAll(
  open: OpenAttachments,
  held: HeldRun | null,
  options: AttachmentsMigrateOptions,
  env: Environment,
  found: FindingStore,
): Promise<Result> {
  const { tables } = open;
  const total = Math.min(await countLeft(tables), options.limit ?? Number.MAX_SAFE_INTEGER);
  let sum: PassCounts = { moved: 0, bytes: 0, refused: 0 };
  let switched: SwitchCounts = { done: 0, bytes: 0, elsewhere: 0 };
  env.progress.begin('attachments', total, { unit: 'file' });
  const begin = passesOf(open, held, options, env);
  const hasLimit = options.limit !== null;
  for (let pass = 1; pass <= MOST_PASSES; pass += 1) {
    const done = await ofLastPass(found, env, (findings) => begin(findings, sum));
    const { moved, bytes, refused } = done.counts;
    sum = { moved: sum.moved + moved, bytes: sum.bytes + bytes, refused };
    switched = added(switched, done.switched);
    if (held === null || hasLimit || env.stopping.aborted || moved === 0 || pass === MOST_PASSES) {
      done.report();
      break;
    }
  }
  env.progress.end();
  const stopped = env.stopping.aborted;
  const isWhole = held !== null && !hasLimit && !stopped;
  // The last pass has gone over what is left; an application that uploads to disk has its pauses.
  if (isWhole) await pause(BETWEEN_COUNTS_MS, undefined, { signal: env.signal });
  const left = await countLeft(tables);
  const isBehind = isWhole && left > sum.refused;
  const newest = isBehind ? await newestLeft(open) : null;
  return { counts: sum, switched, left, newest, stopped };
}

/**
 * Runs a pass with findings of its own, which `report` adds to those of the command: what one pass refuses,
 * the next may move. A pass that fails reports at once.
 */
async function ofLastPass<T>(
  found: FindingStore,
  env: Environment,
  run: (findings: FindingStore) => Promise<T>,
): Promise<T & { readonly report: () => void }> {
  const findings = openFindings(env.temporary);
  const report = (): void => {
    for (const finding of findings.list) found.add(finding);
    findings.close();
  };
  try {
    return { ...(await run(findings)), report };
  } catch (error) {
    report();
    throw error;
  }
}

function added(one: SwitchCounts, other: SwitchCounts): SwitchCounts {
  return {
    done: one.done + other.done,
    bytes: one.bytes + other.bytes,
    elsewhere: one.elsewhere + other.elsewhere,
  };
}

type Pass = (
  findings: FindingStore,
  before: PassCounts,
) => Promise<{ readonly counts: PassCounts; readonly switched: SwitchCounts }>;

/** Returns what goes over all rows once. */
function passesOf(
  { tables, store, root }: OpenAttachments,
  held: HeldRun | null,
  { readBack, bytesPerSecond, concurrency, limit }: AttachmentsMigrateOptions,
  env: Environment,
): Pass {
  const { progress, stopping, signal } = env;
  const sleep = (ms: number): Promise<void> => pause(ms, undefined, { signal });
  const work: MigrateWork['work'] = {
    root: realRoot(root),
    keyPrefix: store?.keyPrefix ?? '',
    store: held === null ? null : store,
    readBack,
    memory: byteBudget(MEMORY),
    bandwidth: bandwidth(bytesPerSecond, () => env.now().getTime(), sleep),
  };
  return async (findings, before) => {
    let switched: SwitchCounts = { done: 0, bytes: 0, elsewhere: 0 };
    const counts = await migratePass({
      tables,
      work,
      concurrency,
      limit,
      stopping,
      rowSwitch:
        held === null
          ? null
          : rowSwitch(
              (events) => {
                held.append(events.map(rowMembers));
              },
              (now) => {
                switched = now;
              },
            ),
      onRefused({ table, row }, { refused: rule, reason }) {
        const about = { module: table.declared.table, recordId: rowText(row.id) };
        findings.add({ rule, severity: 'BLOCKER', ...about, reason });
      },
      onRow({ moved, bytes, refused }) {
        progress.update(before.moved + moved + refused, before.bytes + bytes, refused);
      },
    });
    return { counts, switched };
  };
}

/** Names the row with the largest key that is still on disk. */
async function newestLeft({ tables }: OpenAttachments): Promise<string | null> {
  let newest: string | null = null;
  for await (const { table, row } of rowsLeft(tables)) {
    newest = `row ${shownRow(row.id)} of ${table.declared.table}`;
  }
  return newest;
}

/** Writes the list of a run that has nothing left, and records its root. */
function list(held: HeldRun, { tables }: OpenAttachments, env: Environment): Promise<ListedRun> {
  return withRun(held.journal, env, async ({ index }) => {
    const listed = await listRun(held.folder, index, tables);
    held.append([{ event: 'listed', ...listed }]);
    return listed;
  });
}

function countsOf({ counts, switched, left }: Result): Record<string, number> {
  return { moved: switched.done, refused: counts.refused, elsewhere: switched.elsewhere, left };
}

function outcomeOf(
  result: Result,
  listed: ListedRun | null,
  { store, database }: OpenAttachments,
  options: AttachmentsMigrateOptions,
  found: FindingStore,
): Outcome {
  const failure = failureOf(result, database.label, options);
  const { counts, switched, left } = result;
  const outcome = actionOutcome({
    command: options.dryRun ? 'attachments plan' : 'attachments migrate',
    runId: options.run,
    findings: found.list,
    places: placesOf(result, options.dryRun),
    facts: {
      database: database.label,
      store: store?.label ?? null,
      ...countsOf(result),
      bytes: options.dryRun ? counts.bytes : switched.bytes,
      ...(options.dryRun ? { wouldMove: counts.moved } : {}),
      ...(listed === null ? {} : { listed: listed.count, root: listed.root }),
    },
    notes: [
      `database   ${database.label}`,
      ...(store === null ? [] : [`store      ${store.label}`]),
      ...notesOf(result, options),
      ...(listed === null
        ? []
        : [`root       ${listed.root} over ${counted(listed.count, 'attachment')} of the run`]),
      ...(left === 0 && !options.dryRun
        ? ['no row is left on disk without a key, counted twice']
        : []),
    ],
  });
  return failure === null ? outcome : { ...outcome, status: 'FAILED', failure: failure.toJSON() };
}

function notesOf(
  { counts, switched, left, stopped }: Result,
  { dryRun, limit }: AttachmentsMigrateOptions,
): string[] {
  if (dryRun) {
    const would = `${counted(counts.moved, 'file')} would move, ${byteCount(counts.bytes)}`;
    return [`a dry run: ${would}; nothing was written`];
  }
  const notes = [`${counted(switched.done, 'file')} moved, ${byteCount(switched.bytes)}`];
  if (switched.elsewhere > 0) {
    notes.push(`${counted(switched.elsewhere, 'row')} changed meanwhile, and stayed as they were`);
  }
  const more = left - counts.refused;
  if (stopped) notes.push('stopped before the end: run it again to go on');
  else if (limit !== null && more > 0)
    notes.push(`${grouped(more)} more ${more === 1 ? 'row is' : 'rows are'} on disk: run it again`);
  return notes;
}

function failureOf(
  { counts, newest, left, stopped }: Result,
  where: string,
  { dryRun }: AttachmentsMigrateOptions,
): Failure | null {
  if (newest !== null) {
    const more = left - counts.refused;
    return new Failure('REJECTED', {
      what: `uploads still land on disk; ${counted(more, 'row')} came meanwhile, the last is ${newest}`,
      where,
      hint: 'let the application write to the store, then run it again',
    });
  }
  if (counts.refused === 0) return null;
  const files = `${grouped(counts.refused)} ${counts.refused === 1 ? 'file' : 'files'}`;
  const others = stopped || left > counts.refused ? '' : '; all others were';
  return new Failure('REJECTED', {
    what: dryRun ? `${files} cannot be moved` : `${files} could not be moved${others}`,
    where,
    hint: 'do what the findings say, then run it again',
  });
}

function placesOf({ counts, switched, left }: Result, dryRun: boolean): Place[] {
  const { moved, bytes, refused } = counts;
  if (dryRun) {
    return [
      { name: 'would move', kind: 'good', rows: moved, bytes },
      { name: 'cannot move', kind: 'bad', rows: refused, bytes: null },
      { name: 'not seen', kind: 'open', rows: Math.max(0, left - moved - refused), bytes: null },
    ];
  }
  return [
    { name: 'moved and read back', kind: 'good', rows: switched.done, bytes: switched.bytes },
    { name: 'cannot move', kind: 'bad', rows: refused, bytes: null },
    { name: 'left on disk', kind: 'open', rows: Math.max(0, left - refused), bytes: null },
  ];
}
