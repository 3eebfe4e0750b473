/** attachments status: where the attachments are, by the database, and what the runs have done. */

import { countEmptyKeys, countLeft } from '../attachments/pullRows.ts';
import { withRun } from '../attachments/runIndex.ts';
import { NO_CHAIN } from '../journal/line.ts';
import { byteCount } from '../outcome/byteCount.ts';
import { counted, grouped } from '../outcome/counted.ts';
import { Failure } from '../outcome/failure.ts';
import { actionOutcome, type Outcome } from '../outcome/outcome.ts';
import { assertContinues, placesOfRun, runsOf } from '../project/attachmentRun.ts';
import { openAttachments } from '../project/openAttachments.ts';
import { projectPaths, type ProjectPaths } from '../project/paths.ts';
import type { Environment } from '../run/environment.ts';

/** Numbers of a run, by the last step of each row. */
interface RunSummary {
  readonly run: string;
  readonly moved: number;
  readonly bytes: number;
  readonly restored: number;
  readonly purged: number;
  readonly pruned: number;
  /** SHA-256 of the last line of its journal. */
  readonly head: string;
  /** What is wrong with its journal; null if nothing. */
  readonly problem: string | null;
}

/** Counts rows, and reads the journals of all runs; writes nothing. */
export async function attachmentsStatus(project: string, env: Environment): Promise<Outcome> {
  const paths = projectPaths(project);
  const wanted = { project, changesRows: false, store: 'none', concurrency: 1 } as const;
  const open = await openAttachments(wanted, env);
  try {
    const tables = [];
    for (const table of open.tables) {
      const { key } = table.declared;
      const empty = await countEmptyKeys([table]);
      const left = (await countLeft([table])) + empty;
      const withKey = (await table.rows.count({ notNull: [key], isNull: [] })) - empty;
      tables.push({ table: table.declared.table, left, withKey });
    }
    const runs: RunSummary[] = [];
    let failure: Failure | null = null;
    for (const run of runsOf(paths)) {
      const summary = await summaryOf(run, paths, env);
      if (summary instanceof Failure) failure ??= summary;
      runs.push(
        summary instanceof Failure ? { ...NOTHING, run, problem: summary.message } : summary,
      );
    }
    const outcome = actionOutcome({
      command: 'attachments status',
      facts: { database: open.database.label, tables, runs },
      places: [
        { name: 'in the store', kind: 'good', rows: sum(tables, 'withKey'), bytes: null },
        { name: 'on disk', kind: 'open', rows: sum(tables, 'left'), bytes: null },
      ],
      notes: [
        `database   ${open.database.label}`,
        ...tables.map(
          ({ table, left, withKey }) =>
            `${table}: ${grouped(withKey)} in the store, ${grouped(left)} on disk`,
        ),
        ...runs.map(noteOf),
        ...(runs.length === 0 ? ['no run yet: begin with sealift attachments plan'] : []),
      ],
    });
    return failure === null ? outcome : { ...outcome, status: 'FAILED', failure: failure.toJSON() };
  } finally {
    await open.close();
  }
}

function sum<Name extends string>(rows: readonly Record<Name, number>[], name: Name): number {
  return rows.reduce((total, row) => total + row[name], 0);
}

const NOTHING: Omit<RunSummary, 'run'> = {
  moved: 0,
  bytes: 0,
  restored: 0,
  purged: 0,
  pruned: 0,
  head: NO_CHAIN.head,
  problem: null,
};

/** Sums a run up; returns what is wrong with its journal, which hides no other run. */
async function summaryOf(
  run: string,
  paths: ProjectPaths,
  env: Environment,
): Promise<RunSummary | Failure> {
  try {
    assertContinues({ paths, run });
    return await withRun(placesOfRun(paths, run).journal, env, async ({ index }) => {
      const { stored, restored, purged, pruned } = index.totals;
      return {
        run,
        moved: stored.rows,
        bytes: stored.bytes,
        restored: restored.rows,
        purged: purged.rows,
        pruned: pruned.rows,
        head: index.end.head,
        problem: null,
      };
    });
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    // A run that could move nothing has no line.
    if (error.code === 'EMPTY') return { ...NOTHING, run };
    if (error.code === 'JOURNAL') return error;
    throw error;
  }
}

function noteOf({ run, moved, bytes, restored, purged, pruned, problem }: RunSummary): string {
  if (problem !== null) return `run ${run}: its journal cannot be relied on`;
  const others = [
    [restored, 'rolled back'],
    [purged, 'purged from disk'],
    [pruned, 'removed from the store'],
  ] as const;
  const more = others
    .filter(([rows]) => rows > 0)
    .map(([rows, what]) => `${grouped(rows)} ${what}`);
  return [`run ${run}: ${counted(moved, 'file')} moved, ${byteCount(bytes)}`, ...more].join(', ');
}
