/**
 * keys rollback: gives rows back what stood in them before a run, byte for byte, if they still hold what the
 * run has written. What the application has written since stays, and is counted.
 */

import { setTimeout as pause } from 'node:timers/promises';

import type { FindingStore } from '../findings/findingStore.ts';
import { rowFinding } from '../keys/columnFinding.ts';
import { logOf } from '../keys/columnWork.ts';
import { KEYS_LOG, readLine } from '../keys/logLine.ts';
import { pacer } from '../keys/pace.ts';
import { restoreRows, type RestoreCounts } from '../keys/restoreRows.ts';
import { counted, grouped } from '../outcome/counted.ts';
import { Failure } from '../outcome/failure.ts';
import { actionOutcome, type Outcome } from '../outcome/outcome.ts';
import { assertRunName, beginKeysRun } from '../project/keysRun.ts';
import { openKeys, type OpenKeys } from '../project/openKeys.ts';
import type { Environment } from '../run/environment.ts';

export interface KeysRollbackOptions {
  readonly project: string;
  /** Name of the run. */
  readonly run: string;
  readonly dryRun: boolean;
  readonly rowsPerSecond: number | null;
  readonly who: string | null;
}

const COMMAND = 'keys rollback';
const BATCH = 500;

/** Rolls a run back. */
export async function keysRollback(
  options: KeysRollbackOptions,
  env: Environment,
  found: FindingStore,
): Promise<Outcome> {
  const { project, run, dryRun, rowsPerSecond, who } = options;
  assertRunName(run);
  const open = await openKeys({ project, changes: !dryRun }, env);
  try {
    if (!(await hasLine(open, run))) throw nothingLogged(run, open.database.label);
    const wanted = { project, command: COMMAND, run, who };
    const held = dryRun ? null : await beginKeysRun(wanted, open, KEYS_LOG, env);
    const sleep = (ms: number): Promise<void> => pause(ms, undefined, { signal: env.signal });
    env.progress.begin('rollback', 0, { unit: 'line' });
    const counts = await restoreRows({
      database: open.database,
      columns: open.columns,
      log: logOf(open, env),
      run,
      dryRun,
      // A slow run has small batches, so that it is slow evenly.
      batch: rowsPerSecond === null ? BATCH : Math.min(BATCH, Math.ceil(rowsPerSecond / 10)),
      stopping: env.stopping,
      pace: pacer(rowsPerSecond, env.now, sleep),
      onRefused: (column, { key }) => {
        const reason = 'its line of the log does not open under the key of the log';
        const field = column.declared.column;
        found.add(rowFinding(column, key, { rule: 'key-log', reason, field }));
      },
      onLines: (lines) => {
        env.progress.update(lines);
      },
    });
    env.progress.end();
    held?.end({ ...counts });
    return outcomeOf(counts, open.database.label, options, env.stopping.aborted, found);
  } finally {
    await open.close();
  }
}

/** Whether the log has a line of a run, before anything is written. */
async function hasLine({ database }: OpenKeys, run: string): Promise<boolean> {
  for await (const page of database.readLog(KEYS_LOG)) {
    if (page.some((cells) => readLine(cells)?.run === run)) return true;
  }
  return false;
}

function nothingLogged(run: string, where: string): Failure {
  return new Failure('EMPTY', {
    what: `the log has no line of the run ${run}`,
    where,
    hint: 'name another one with --run, as sealift keys status lists them',
  });
}

function outcomeOf(
  counts: RestoreCounts,
  database: string,
  { run, dryRun }: KeysRollbackOptions,
  isStopped: boolean,
  found: FindingStore,
): Outcome {
  const { lines, restored, changed, refused } = counts;
  const what = dryRun ? 'would be restored' : 'restored';
  const outcome = actionOutcome({
    command: COMMAND,
    runId: run,
    findings: found.list,
    facts: { database, ...counts },
    places: [
      { name: what, kind: 'good', rows: restored, bytes: null },
      { name: 'cannot be', kind: 'bad', rows: refused, bytes: null },
      { name: 'changed since', kind: 'open', rows: changed, bytes: null },
    ],
    notes: [
      `database   ${database}`,
      `${counted(lines, 'line')} of the run in the log: ${grouped(restored)} ${what}, ${grouped(changed)} changed since or restored before`,
      ...(isStopped ? ['stopped before the end: run it again to go on'] : []),
    ],
  });
  if (refused === 0) return outcome;
  const failure = new Failure('REJECTED', {
    what: `${counted(refused, 'value')} cannot be restored`,
    where: database,
    hint: 'give the key that the log was written under, then run it again',
  });
  return { ...outcome, status: 'FAILED', failure: failure.toJSON() };
}
