/**
 * Reads the objects of a run again, from the store or from a report of its provider, and compares them
 * with what the journal says was stored; and the rows, whether they still lead there.
 */

import type { ObjectStore } from '../objects/objectStore.ts';
import { Failure } from '../outcome/failure.ts';
import { atOnce } from './atOnce.ts';
import { contentFault } from './moveFile.ts';
import type { ProviderReport } from './providerReport.ts';
import { currentRows, hasKey, type CurrentRow } from './runRows.ts';
import type { OpenTable } from '../project/openAttachments.ts';
import type { RunIndex, RunRow } from './runIndex.ts';

export interface VerifyWork {
  readonly index: RunIndex;
  readonly tables: readonly OpenTable[];
  readonly store: ObjectStore;
  /** Null: every object is read. */
  readonly report: ProviderReport | null;
  readonly concurrency: number;
  readonly stopping: AbortSignal;
  /** Whether a row is part of the sample. */
  readonly wanted: (row: RunRow) => boolean;
  readonly onFinding: (row: RunRow, rule: VerifyRule, reason: string) => void;
  readonly onRow: (counts: Verified) => void;
}

export type VerifyRule = 'attachment-object' | 'attachment-unverified' | 'attachment-left';

export interface Verified {
  /** Objects that have the right bytes, and those bytes. */
  readonly right: number;
  readonly bytes: number;
  /** Objects that are missing or have other bytes. */
  readonly wrong: number;
  /** Objects about which nothing could be said. */
  readonly unverified: number;
  /** Rows that are on disk again, although the run had moved them. */
  readonly back: number;
  /** Rows that the application has changed or removed since. */
  readonly changed: number;
}

/** Verifies the rows of a run that were moved, and not rolled back. */
export async function verifyObjects(work: VerifyWork): Promise<Verified> {
  const counts = { right: 0, bytes: 0, wrong: 0, unverified: 0, back: 0, changed: 0 };
  const rows = currentRows(work.index, ['stored', 'purged'], work.tables, work.wanted);
  await atOnce(rows, work.concurrency, work.stopping, async (current) => {
    const { row } = current;
    const judged = await judge(current, work);
    counts[judged.as] += 1;
    if (judged.as === 'right') counts.bytes += row.size;
    if (judged.rule !== undefined) work.onFinding(row, judged.rule, judged.reason);
    work.onRow(counts);
  });
  return counts;
}

type Judged =
  | { readonly as: 'right' | 'changed'; readonly rule?: undefined }
  | {
      readonly as: 'wrong' | 'unverified' | 'back';
      readonly rule: VerifyRule;
      readonly reason: string;
    };

async function judge(current: CurrentRow, work: VerifyWork): Promise<Judged> {
  const { row, now } = current;
  if (!hasKey(current)) {
    if (now === null || now.key !== null || now.path === null) return { as: 'changed' };
    const reason = 'the row has no key, although this run gave it one: run migrate again';
    return { as: 'back', rule: 'attachment-left', reason };
  }
  try {
    const fault =
      work.report === null ? await contentFault(work.store, row) : work.report.faultOf(row);
    if (fault === null) return { as: 'right' };
    return { as: 'wrong', rule: 'attachment-object', reason: `${fault}: ${remedyOf(row)}` };
  } catch (error) {
    // What concerns one object is told with it; all else stops the verification.
    if (!(error instanceof Failure) || error.code !== 'OBJECT') throw error;
    const reason = `the object could not be compared (${error.message}): ${error.hint ?? 'run again'}`;
    return { as: 'unverified', rule: 'attachment-unverified', reason };
  }
}

function remedyOf({ step }: RunRow): string {
  return step === 'purged'
    ? 'restore the object, as its file was purged from disk'
    : 'roll the row back, as its file is still on disk, or restore the object';
}
