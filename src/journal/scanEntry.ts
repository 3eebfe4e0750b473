/**
 * The verdict of a scan as the journal holds it, and what promote makes of it: a candidate may go
 * live when its last full scan passed, with the checks and severities that the project asks for
 * today. Promote reads this, never a report.
 */

import { eventOf, type JournalEvent, type ScanVerdict } from './event.ts';
import type { Journal } from './line.ts';
import { Failure } from '../outcome/failure.ts';

/** The entry of a full scan. */
export function scanEvent({ sealId, checks, verdict, counts }: ScanVerdict): JournalEvent {
  const { BLOCKER, WARNING, INFO } = counts;
  return { event: 'scan', sealId, checks, verdict, counts: { BLOCKER, WARNING, INFO } };
}

export interface JournaledScan extends ScanVerdict {
  readonly at: string;
}

/** The last full scan of a candidate; null where there was none. */
export function lastScan({ entries }: Journal, sealId: string): JournaledScan | null {
  for (const entry of entries.toReversed()) {
    const event = eventOf(entry);
    if (event.event !== 'scan' || event.sealId !== sealId) continue;
    const { checks, verdict, counts } = event;
    return { at: entry.at, sealId, checks, verdict, counts };
  }
  return null;
}

export interface Candidacy {
  readonly sealId: string;
  /** Whether it is the one that scan-all scans without being told. */
  readonly current: boolean;
  /** Of the project's mapping as it is now. */
  readonly checks: string;
  readonly allowWarnings: boolean;
}

/** Why a candidate may not go live, or null where it may. */
export function refusal(scan: JournaledScan | null, candidacy: Candidacy): Failure | null {
  const { sealId, current, checks, allowWarnings } = candidacy;
  const refuse = (what: string, hint: string): Failure => {
    return new Failure('CANDIDATE', { what, where: `seal id ${sealId}`, hint });
  };
  const scanIt = current
    ? 'run sealift scan-all, then promote again'
    : `run sealift scan-all --candidate ${sealId.slice(0, 8)}, then promote again`;
  if (scan === null) return refuse('this candidate was never scanned', scanIt);
  if (scan.verdict === 'FAIL') {
    return refuse(
      'the last scan of this candidate failed',
      'correct what it found in the source or the mapping, then build, scan and promote again; nothing accepts a BLOCKER',
    );
  }
  if (scan.checks !== checks) {
    return refuse(
      'this candidate was scanned with other checks or severities than the mapping asks for now',
      'run sealift migrate and sealift scan-all, then promote again',
    );
  }
  if (scan.verdict === 'WARN' && !allowWarnings) {
    return refuse(
      'the last scan of this candidate found warnings',
      'look at them, then accept them with --allow-warnings',
    );
  }
  return null;
}
