/** The last comparison of a target with a seal in the journal, which status shows. */

import type { ComparedModule } from '../outcome/comparison.ts';
import type { ReconciledCounts, ReconciledEvent } from './event.ts';
import type { Journal } from './line.ts';
import { eventOf } from './readEvent.ts';

export interface JournaledReconcile extends Omit<ReconciledEvent, 'event'> {
  readonly at: string;
}

/** Returns all, of any seal and target, in order. */
export function reconciles({ entries }: Journal): JournaledReconcile[] {
  return entries.flatMap((entry) => {
    const event = eventOf(entry);
    if (event.event !== 'reconciled') return [];
    const { event: _, ...members } = event;
    return [{ at: entry.at, ...members }];
  });
}

/** Returns the last one, of any seal and target; null if there was none. */
export function lastReconcile(journal: Journal): JournaledReconcile | null {
  return reconciles(journal).at(-1) ?? null;
}

/** Sums up what was found of all modules. */
export function reconciledCounts(modules: readonly ComparedModule[]): ReconciledCounts {
  const sum = (of: (module: ComparedModule) => number): number =>
    modules.reduce((total, module) => total + of(module), 0);
  return {
    missing: sum(({ missing }) => missing),
    extra: sum(({ extra }) => extra),
    changed: sum(({ changed }) => changed),
    incomparable: sum(({ rows }) => (rows === null ? 1 : 0)),
  };
}
