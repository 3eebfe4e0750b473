/** What an operator would do next, from where a project stands: one step, with its command. Pure. */

import type { JournaledScan } from '../journal/scanEntry.ts';

export interface Standing {
  /** Somebody holds the lock. */
  readonly busy: boolean;
  /** Name of a candidate that is not the one of its name any more. */
  readonly changed: string | null;
  readonly hasMapping: boolean;
  /** Name of the candidate that was built last. */
  readonly built: string | null;
  /** Whether no migrate of the project has sealed it. */
  readonly foreign: boolean;
  /** Whether another was sealed after it. */
  readonly older: boolean;
  readonly sample: boolean;
  /** Its last full scan. */
  readonly scan: JournaledScan | null;
  /** Whether that scan's checks are those of the mapping as it is now. */
  readonly checksCurrent: boolean;
  readonly live: string | null;
  /** The last move was a rollback from what was built last. */
  readonly rolledBack: boolean;
  /** Candidates that prune would remove. */
  readonly prunable: number;
}

export interface NextStep {
  readonly why: string;
  readonly command: string | null;
}

function step(why: string, command: string | null): NextStep {
  return { why, command };
}

export function nextStep(standing: Standing): NextStep {
  const { busy, changed, hasMapping, built, sample, scan, live, prunable } = standing;
  if (busy) return step('a command is at work, so wait until it has ended', null);
  if (changed !== null) {
    const command = `sealift verify-checksums --candidate ${changed}`;
    return step('a candidate was changed since it was sealed, so find out by whom', command);
  }
  if (built === null && !hasMapping) {
    return step('there is no mapping', 'sealift init --source sqlite:FILE');
  }
  if (built === null) return step('nothing is built', 'sealift migrate');
  if (standing.foreign) {
    return step('no migrate of this project has sealed what is built', 'sealift migrate');
  }
  if (standing.older) {
    return step('storage_candidate/v1 does not lead to what was sealed last', 'sealift migrate');
  }
  if (sample) return step('only a sample is built, which can never be live', 'sealift migrate');
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
  return scan.verdict === 'WARN'
    ? step(
        'the scan found warnings, so look at them and accept them',
        'sealift promote --allow-warnings',
      )
    : step('what is built has passed its scan', 'sealift promote');
}
