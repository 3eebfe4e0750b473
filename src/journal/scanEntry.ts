/**
 * The verdict of a scan as the journal holds it, and what promote makes of it: a candidate may go
 * live when its last full scan passed, with the checks and severities that the project asks for
 * today. Promote reads this, never a report.
 */

import type { Journal, JournalEntry, JournalEvent } from './line.ts';
import { Failure } from '../outcome/failure.ts';
import type { Severity, Verdict } from '../outcome/finding.ts';

export interface ScanVerdict {
  readonly sealId: string;
  /** See checksDigest.ts; null where the candidate did not verify, so that nothing was checked. */
  readonly checks: string | null;
  readonly verdict: Verdict;
  readonly counts: Readonly<Record<Severity, number>>;
}

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
  const entry = entries.findLast(({ event, ...rest }) => {
    return event === 'scan' && rest['sealId'] === sealId;
  });
  return entry === undefined ? null : journaledScan(entry);
}

/** Fails closed: an entry with anything missing counts as a failed scan. */
function journaledScan({ at, sealId, checks, verdict, counts }: JournalEntry): JournaledScan {
  const numbers = (typeof counts === 'object' ? counts : null) as Record<string, unknown> | null;
  const count = (name: Severity): number => {
    const number = numbers?.[name];
    return Number.isSafeInteger(number) ? Number(number) : Number.POSITIVE_INFINITY;
  };
  const [BLOCKER, WARNING, INFO] = [count('BLOCKER'), count('WARNING'), count('INFO')];
  const passed = verdict === 'PASS' && BLOCKER + WARNING === 0;
  const warned = verdict === 'WARN' && BLOCKER === 0;
  return {
    at,
    sealId: String(sealId),
    checks: typeof checks === 'string' ? checks : null,
    verdict: passed ? 'PASS' : warned ? 'WARN' : 'FAIL',
    counts: { BLOCKER, WARNING, INFO },
  };
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
