/** Counts findings by cause. Memory: some thousands of causes; further ones share a count. */

import { countCause, type Cause } from '../outcome/cause.ts';
import type { FindingCount, Severity } from '../outcome/finding.ts';

export interface Tally {
  add(of: Cause, count?: number): void;
  /** Returns the counts by severity, rule, module, field and reason, in order of UTF-16 units. */
  list(): FindingCount[];
  bySeverity(): Record<Severity, number>;
}

export function emptyTally(): Tally {
  const counts = new Map<string, FindingCount>();
  return {
    add(cause, count = 1) {
      countCause(counts, cause, count);
    },
    list: () =>
      [...counts.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, counted]) => counted),
    bySeverity() {
      const sums: Record<Severity, number> = { BLOCKER: 0, WARNING: 0, INFO: 0 };
      for (const { severity, count } of counts.values()) sums[severity] += count;
      return sums;
    },
  };
}
