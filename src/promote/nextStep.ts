/** The next step for an operator in a given state of the project, with its command. Pure. */

import type { WriteChange } from '../journal/event.ts';
import type { JournaledScan } from '../journal/scanEntry.ts';
import { counted } from '../outcome/counted.ts';

/** State of a project. */
export interface Standing {
  /** Whether another process holds the lock. */
  readonly busy: boolean;
  /** Name of a candidate whose content no longer has the seal id in its name. */
  readonly changed: string | null;
  /** The freeze or unfreeze of writes that a killed command left unfinished. */
  readonly unfinishedChange: WriteChange | null;
  /** Part of the project that the journal or a link needs and that is missing; null for none. */
  readonly missing: string | null;
  /** Path of the newest snapshot of the project; null if there is none. */
  readonly snapshot: string | null;
  readonly hasMapping: boolean;
  /** Name of the candidate that was built last. */
  readonly built: string | null;
  /** Whether no migrate of the project has sealed it, according to the journal. */
  readonly unrecorded: boolean;
  /** Whether another candidate was sealed after it. */
  readonly older: boolean;
  readonly sample: boolean;
  /** Its last full scan. */
  readonly scan: JournaledScan | null;
  /** Whether that scan's checks are those of the mapping as it is now. */
  readonly checksCurrent: boolean;
  /** Number of approvals by other people that it still needs. */
  readonly missingApprovals: number;
  readonly live: string | null;
  /** Whether the last move was a rollback from the candidate that was built last. */
  readonly rolledBack: boolean;
  /** Number of candidates that prune would remove. */
  readonly prunable: number;
  /** The smoke test of what is live, since it went live; null if the project has none. */
  readonly smoke: 'due' | 'passed' | 'failed' | null;
  /** Whether a rollback has a candidate to go back to. */
  readonly canGoBack: boolean;
}

export interface NextStep {
  readonly why: string;
  readonly command: string | null;
}

function step(why: string, command: string | null): NextStep {
  return { why, command };
}

/** Returns the next step, by the first rule that applies. */
export function nextStep(standing: Standing): NextStep {
  const { busy, changed, missing, hasMapping, built, sample, scan, live, prunable } = standing;
  if (busy) return step('another command is running, so wait until it has ended', null);
  const broken = missing ?? (changed === null ? null : 'a candidate was changed or emptied');
  if (broken !== null && standing.snapshot !== null) {
    return step(broken, `sealift snapshot restore ${standing.snapshot}`);
  }
  if (changed !== null) {
    const command = `sealift verify-checksums --candidate ${changed}`;
    return step(
      'a candidate was changed after it was sealed, so find out what changed it',
      command,
    );
  }
  if (standing.unfinishedChange !== null) {
    const command = `sealift ${standing.unfinishedChange}-writes`;
    return step('a command was killed while it changed whether a source can be written', command);
  }
  if (standing.smoke === 'due') return step('what is live was not tested', 'sealift smoke');
  if (standing.smoke === 'failed') {
    const command = standing.canGoBack ? 'sealift rollback' : 'sealift smoke';
    return step('the test of what is live failed', command);
  }
  if (built === null && !hasMapping) {
    return step('there is no mapping', 'sealift init --source sqlite:FILE');
  }
  if (built === null) return step('nothing is built', 'sealift migrate');
  if (standing.unrecorded) {
    return step('what is built was not sealed by a migrate of this project', 'sealift migrate');
  }
  if (standing.older) {
    return step('storage_candidate/v1 does not point to what was sealed last', 'sealift migrate');
  }
  if (sample) return step('only a sample is built, which cannot go live', 'sealift migrate');
  if (built === live) {
    return prunable > 0
      ? step(`what is built is live, and ${prunable} older could go`, 'sealift prune --dry-run')
      : step('nothing, what is built is live', null);
  }
  if (standing.rolledBack) {
    return step('what is built was rolled back, so fix what was wrong', 'sealift dry-run');
  }
  if (scan === null) return step('what is built was not scanned', 'sealift scan-all');
  if (scan.verdict === 'FAIL') {
    return step('the scan of what is built failed, so fix what it found', 'sealift dry-run');
  }
  if (!standing.checksCurrent) {
    return step('the checks in the mapping have changed since the scan', 'sealift migrate');
  }
  if (standing.missingApprovals > 0) {
    const missing = counted(standing.missingApprovals, 'more approval');
    return step(`what is built needs ${missing} by another person`, 'sealift review');
  }
  return scan.verdict === 'WARN'
    ? step('the scan found warnings, so review and accept them', 'sealift promote --allow-warnings')
    : step('what is built has passed its scan', 'sealift promote');
}
