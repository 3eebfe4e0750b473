/** Chooses the key of a table: the declared one if its values allow it, else a unique set. */

import { compareNames } from '../source/nameOrder.ts';
import type { FieldType } from '../record/type.ts';
import { keyType } from './columnType.ts';
import type { Decision } from './decision.ts';
import { columnsOf, sameSet, type TablePlan } from './tablePlan.ts';

/**
 * Sets the plan's key and the types of its columns. Returns a decision unless it is the declared
 * key.
 */
export function chooseKey(plan: TablePlan): Decision[] {
  const { primaryKey, name } = plan.schema;
  const candidates = [primaryKey, ...[...plan.schema.unique].sort(shorterFirst)];
  const key = candidates.find((columns) => typesOfKey(plan, columns) !== null);
  if (key !== undefined) {
    const types = typesOfKey(plan, key) ?? [];
    for (const [index, column] of columnsOf(plan, key).entries()) {
      column.type = types[index] ?? column.type;
    }
    plan.key = key;
  }
  if (primaryKey.length > 0 && key === primaryKey) return [];
  const why = primaryKey.length === 0 ? 'no primary key is declared' : unusable(plan, primaryKey);
  return [key === undefined ? keyless(name, why) : otherKey(name, why, key.length)];
}

/** Returns null if the columns cannot be a key: a null among the values, a type without order. */
function typesOfKey(plan: TablePlan, columns: readonly string[]): FieldType[] | null {
  if (columns.length === 0 || !columns.every((name) => plan.columns.has(name))) return null;
  const types: FieldType[] = [];
  for (const { profile, type } of columnsOf(plan, columns)) {
    const ordered = profile.counts.null > 0 ? null : keyType(type, profile);
    if (ordered === null) return null;
    types.push(ordered);
  }
  return types;
}

function shorterFirst(a: readonly string[], b: readonly string[]): number {
  if (a.length !== b.length) return a.length - b.length;
  for (const [index, name] of a.entries()) {
    const order = compareNames(name, b[index] ?? '');
    if (order !== 0) return order;
  }
  return 0;
}

function unusable(plan: TablePlan, key: readonly string[]): string {
  const nulls = columnsOf(plan, key).reduce((sum, { profile }) => sum + profile.counts.null, 0);
  return nulls > 0
    ? `the primary key holds ${nulls} null${nulls === 1 ? '' : 's'}`
    : 'the values of the primary key have types without a common order';
}

function keyless(table: string, why: string): Decision {
  return {
    rule: 'keyless',
    severity: 'WARNING',
    table,
    what: `${why}: ids are made from the content of the records`,
    advice:
      'name the columns that identify a row under "key", or give "id" a secret "key" if the ' +
      'records are personal',
  };
}

function otherKey(table: string, why: string, columns: number): Decision {
  return {
    rule: 'key',
    severity: 'INFO',
    table,
    what: `${why}: a unique set of ${columns} column${columns === 1 ? '' : 's'} is the key`,
    advice: 'check that these columns identify a row for good',
  };
}

/**
 * Lists the declared unique sets, other than the key, whose columns hold no nulls; each set once.
 */
export function uniqueSets(plan: TablePlan): (readonly string[])[] {
  const sets: (readonly string[])[] = [];
  for (const set of [plan.schema.primaryKey, ...plan.schema.unique]) {
    const known = [plan.key, ...sets].some((other) => sameSet(other, set));
    if (set.length > 0 && !known && set.every((name) => plan.columns.has(name))) sets.push(set);
  }
  return sets;
}
