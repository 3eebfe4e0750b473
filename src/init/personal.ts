/**
 * Finds columns of personal data by their values and their names. A mapping has to declare them, or
 * the scan reports them as undeclared.
 */

import { columnClass, namesBirth } from '../pii/columnEvidence.ts';
import { namePart } from '../pii/personNames.ts';
import { PII_CLASSES, type PiiClass } from '../pii/piiClass.ts';
import type { ColumnPlan, TablePlan } from './tablePlan.ts';

/** A column's class, and what it is known by. */
export interface PersonalColumn {
  readonly of: PiiClass;
  readonly by: 'values' | 'name';
}

/**
 * Returns the class that half of a column's texts hold, or that its name suggests and any of its texts
 * confirms; else what its name alone says: a first or last name, and in a table of people the day of birth.
 * Undefined if few texts hold personal data: the scan finds those.
 */
export function personalClass(column: ColumnPlan, plan: TablePlan): PersonalColumn | undefined {
  const { name, profile, type } = column;
  const of =
    type.kind === 'string' ? columnClass(name, profile.personal, profile.counts.text) : undefined;
  if (of !== undefined) return { of, by: 'values' };
  if (isNameColumn(column)) return { of: 'PERSON', by: 'name' };
  const isDay = type.kind === 'date' || type.kind === 'timestamp';
  // Animals are born as well.
  const hasPeople = [...plan.columns.values()].some(isNameColumn);
  return isDay && hasPeople && namesBirth(name) ? { of: 'DOB', by: 'name' } : undefined;
}

function isNameColumn({ name, profile, type }: ColumnPlan): boolean {
  return type.kind === 'string' && profile.counts.text > 0 && namePart([name]) !== 'full';
}

/** Returns the class of a column of integers half of which are personal data written as numbers. */
export function personalNumber({ profile, type }: ColumnPlan): PiiClass | undefined {
  if (type.kind !== 'integer' && type.kind !== 'bigint') return undefined;
  const enough = Math.max(1, profile.counts.number) * 0.5;
  return PII_CLASSES.find((of) => (profile.personal[of] ?? 0) >= enough);
}
