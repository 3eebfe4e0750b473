/**
 * The verdict of a full scan goes to the journal, where promote looks for it: of scan-all over all
 * modules with all checks, and of nothing less.
 */

import { signed } from '../journal/event.ts';
import { CHECKS } from '../outcome/checks.ts';
import { appendToJournal } from '../journal/journal.ts';
import type { Mapping } from '../mapping/model.ts';
import { Failure } from '../outcome/failure.ts';
import type { Outcome } from '../outcome/outcome.ts';
import { checksDigest } from './checksDigest.ts';
import { scanEvent } from '../journal/scanEntry.ts';
import type { Environment } from '../run/environment.ts';
import { projectPaths } from '../project/paths.ts';

export interface FullScan {
  readonly project: string;
  /** As computed from the candidate; null where it has none. */
  readonly sealId: string | null;
  /** The sealed one; null where the candidate did not verify, so that nothing was checked. */
  readonly mapping: Mapping | null;
  readonly who: string | null;
}

/**
 * The outcome, which says so where it could not be written down: that scan opens no way to promote.
 * @throws Failure JOURNAL where the journal does not hold
 */
export function journalScan(
  { project, sealId, mapping, who }: FullScan,
  outcome: Outcome,
  env: Environment,
): Outcome {
  const { status: verdict, counts } = outcome;
  if (sealId === null || verdict === 'DONE' || verdict === 'FAILED') return outcome;
  const checks = mapping === null ? null : checksDigest(mapping, CHECKS);
  const event = signed(scanEvent({ sealId, checks, verdict, counts }), who);
  const writer = { command: outcome.command, pid: env.pid, at: env.now().toISOString() };
  try {
    appendToJournal(projectPaths(project).journal, writer, [event]);
    return outcome;
  } catch (error) {
    if (!(error instanceof Failure) || error.code !== 'DISK') throw error;
    const note = `this scan is not in the journal, so promote will not see it: ${error.line()}`;
    return { ...outcome, notes: [...outcome.notes, note] };
  }
}
