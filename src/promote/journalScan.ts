/**
 * Appends the verdict of a full scan to the journal, where promote reads it, and that of a smoke
 * test, which status reads. Only a scan-all of all modules with all checks is a full scan.
 */

import { signed, type SignedEvent } from '../journal/event.ts';
import { CHECKS } from '../outcome/checks.ts';
import { appendToJournal } from '../journal/journal.ts';
import type { Mapping } from '../mapping/model.ts';
import { Failure } from '../outcome/failure.ts';
import type { Outcome } from '../outcome/outcome.ts';
import { checksDigest } from './checksDigest.ts';
import { scanEvent } from '../journal/scanEntry.ts';
import type { Environment } from '../run/environment.ts';
import { isProject, projectPaths, type ProjectPaths } from '../project/paths.ts';

export interface FullScan {
  readonly project: string;
  /** Seal id as computed from the candidate; null if it has none. */
  readonly sealId: string | null;
  /** Sealed mapping; null if the candidate did not verify, so that no check was run. */
  readonly mapping: Mapping | null;
  readonly who: string | null;
}

/**
 * Appends the scan to the journal, and returns the outcome. If the disk fails, the outcome has a
 * note about it, and the scan does not count for promote.
 * Where there is no project, no journal is made.
 * @throws Failure JOURNAL if the journal is broken
 */
export function journalScan(
  { project, sealId, mapping, who }: FullScan,
  outcome: Outcome,
  env: Environment,
): Outcome {
  const { status: verdict, counts } = outcome;
  if (sealId === null || verdict === 'DONE' || verdict === 'FAILED') return outcome;
  const paths = projectPaths(project);
  if (!isProject(paths)) return { ...outcome, notes: [...outcome.notes, NO_PROJECT] };
  const checks = mapping === null ? null : checksDigest(mapping, CHECKS, env.now());
  const event = signed(scanEvent({ sealId, checks, verdict, counts }), who);
  const lost = 'this scan is not in the journal, so promote will not see it';
  return journalVerdict(paths, event, outcome, lost, env);
}

/** Appends the smoke test of a live candidate to the journal, as {@link journalScan} does. */
export function journalSmoke(
  { project, sealId, who }: Omit<FullScan, 'mapping'>,
  outcome: Outcome,
  env: Environment,
): Outcome {
  const { status: verdict } = outcome;
  if (sealId === null || verdict === 'DONE' || verdict === 'FAILED') return outcome;
  const event = signed({ event: 'smoke', sealId, verdict }, who);
  const paths = projectPaths(project);
  return journalVerdict(paths, event, outcome, 'this test is not in the journal', env);
}

function journalVerdict(
  paths: ProjectPaths,
  event: SignedEvent,
  outcome: Outcome,
  lost: string,
  env: Environment,
): Outcome {
  const writer = { command: outcome.command, pid: env.pid, at: env.now().toISOString() };
  try {
    appendToJournal(paths.journal, writer, [event]);
    return outcome;
  } catch (error) {
    if (!(error instanceof Failure) || error.code !== 'DISK') throw error;
    return { ...outcome, notes: [...outcome.notes, `${lost}: ${error.line()}`] };
  }
}

const NO_PROJECT =
  'this scan is not in a journal, as there is no project in the folder of --project';
