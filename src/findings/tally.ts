/** How many findings there are, by module, rule and severity. */

import type { FindingCount, Severity } from '../outcome/finding.ts';

export interface Tally {
  add(of: Omit<FindingCount, 'count'>, count?: number): void;
  /** Ascending by module, rule and severity, by UTF-16 code units. */
  list(): FindingCount[];
  bySeverity(): Record<Severity, number>;
}

export function emptyTally(): Tally {
  const counts = new Map<string, FindingCount>();
  return {
    add({ module, rule, severity }, count = 1) {
      const key = JSON.stringify([module, rule, severity]);
      const before = counts.get(key)?.count ?? 0;
      counts.set(key, { module, rule, severity, count: before + count });
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
