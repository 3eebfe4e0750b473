/**
 * Finds columns of personal data by their values and their names. A mapping has to declare them, or
 * the scan reports them as undeclared.
 */

import { columnClass } from '../pii/columnEvidence.ts';
import { PII_CLASSES, type PiiClass } from '../pii/piiClass.ts';
import type { ColumnPlan } from './tablePlan.ts';

/**
 * Returns the class that half of a column's texts hold, or that its name suggests and any of its
 * texts confirms. Undefined if few texts hold personal data: the scan finds those.
 */
export function personalClass({ name, profile, type }: ColumnPlan): PiiClass | undefined {
  if (type.kind !== 'string') return undefined;
  return columnClass(name, profile.personal, profile.counts.text);
}

/** Returns the class of a column of integers half of which are personal data written as numbers. */
export function personalNumber({ profile, type }: ColumnPlan): PiiClass | undefined {
  if (type.kind !== 'integer' && type.kind !== 'bigint') return undefined;
  const enough = Math.max(1, profile.counts.number) * 0.5;
  return PII_CLASSES.find((of) => (profile.personal[of] ?? 0) >= enough);
}
