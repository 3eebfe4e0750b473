/**
 * The verdict of a full scan in the journal, by which promote decides: a candidate may go live if
 * its last full scan passed with the checks and severities that the mapping has now. Promote reads
 * these entries, never a report.
 */

import type { JournalEvent, ScanVerdict } from './event.ts';
import { eventOf } from './readEvent.ts';
import type { Journal } from './line.ts';
import { Failure } from '../outcome/failure.ts';

/** Makes the event of a full scan. */
export function scanEvent({ sealId, checks, verdict, counts }: ScanVerdict): JournalEvent {
  const { BLOCKER, WARNING, INFO } = counts;
  return { event: 'scan', sealId, checks, verdict, counts: { BLOCKER, WARNING, INFO } };
}

export interface JournaledScan extends ScanVerdict {
  readonly at: string;
}

/** Returns the last full scan of a candidate; null if there was none. */
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
  /** Whether scan-all scans it by default. */
  readonly current: boolean;
  /** Digest of the checks of the mapping as it is now; see checksDigest.ts. */
  readonly checks: string;
  readonly allowWarnings: boolean;
}

/** Returns the reason why a candidate may not go live; null if it may. */
export function refusal(scan: JournaledScan | null, candidacy: Candidacy): Failure | null {
  const { sealId, current, checks, allowWarnings } = candidacy;
  const refuse = (what: string, hint: string): Failure => {
    return new Failure('CANDIDATE', { what, where: `seal id ${sealId}`, hint });
  };
  const scanIt = current
    ? 'run sealift scan-all, then run this command again'
    : `run sealift scan-all --candidate ${sealId.slice(0, 8)}, then run this command again`;
  if (scan === null) return refuse('this candidate was never scanned', scanIt);
  if (scan.verdict === 'FAIL') {
    return refuse(
      'the last scan of this candidate failed',
      'fix what it found in the source or the mapping, then build and scan again; a BLOCKER cannot be accepted',
    );
  }
  if (scan.checks !== checks) {
    return refuse(
      'the checks or severities in the mapping have changed since this candidate was scanned',
      'run sealift migrate and sealift scan-all, then run this command again',
    );
  }
  if (scan.verdict === 'WARN' && !allowWarnings) {
    return refuse(
      'the last scan of this candidate found warnings',
      'review them, then accept them with --allow-warnings',
    );
  }
  return null;
}
