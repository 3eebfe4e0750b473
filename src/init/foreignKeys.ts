/**
 * What each declared foreign key becomes: a reference to the parent's target id, a reference by
 * value, or, where the mapping cannot say it, nothing but plain columns and a decision.
 */

import { quoteName } from '../outcome/quoteName.ts';
import { formatType, type FieldType } from '../record/type.ts';
import type { ForeignKey } from '../source/source.ts';
import { fits, isNumeric, keyType } from './columnType.ts';
import type { Decision } from './decision.ts';
import {
  columnOf,
  columnsOf,
  sameSet,
  sameType,
  type ColumnPlan,
  type TablePlan,
  type TablePlans,
} from './tablePlan.ts';

export type IdMode = 'keep' | 'uuid';

interface Linked {
  readonly parent: TablePlan;
  readonly columns: readonly string[];
  /** Rows of which some of the columns are null, and others are not. */
  readonly partial: number;
  readonly match: 'full' | undefined;
  /** Some values are of another type than the key that they refer to, so that none gets a new id. */
  readonly misfit?: true;
}

export type Link =
  /** `columns` are in the order of the parent's key. */
  | (Linked & { readonly kind: 'reference' })
  | (Linked & { readonly kind: 'value'; readonly to: readonly string[] })
  | { readonly kind: 'none'; readonly why: string };

export interface Links {
  readonly references: readonly Extract<Link, { kind: 'reference' }>[];
  readonly values: readonly Extract<Link, { kind: 'value' }>[];
  readonly decisions: readonly Decision[];
}

/** Sorts the foreign keys of one table by what becomes of them. Types and keys are chosen. */
export function linksOf(child: TablePlan, plans: TablePlans, ids: IdMode): Links {
  const references: Extract<Link, { kind: 'reference' }>[] = [];
  const values: Extract<Link, { kind: 'value' }>[] = [];
  const decisions: Decision[] = [];
  for (const [index, key] of child.schema.foreignKeys.entries()) {
    const link = linkOf(child, key, child.partialNulls[index] ?? 0, plans, ids);
    if (link.kind === 'none') decisions.push(notExpressed(child, key, link.why));
    else decisions.push(...partlyNull(child, key, link), ...notRemapped(child, key, link));
    if (link.kind === 'none') continue;
    if (link.kind === 'value') {
      values.push(link);
      continue;
    }
    const twin = references.findIndex((other) => sameLink(other, link));
    if (twin < 0) references.push(link);
    else if (link.match === 'full') references[twin] = link;
  }
  return { references, values, decisions };
}

function sameLink(
  a: Extract<Link, { kind: 'reference' }>,
  b: Extract<Link, { kind: 'reference' }>,
): boolean {
  return a.parent === b.parent && a.columns.join('\0') === b.columns.join('\0');
}

function linkOf(
  child: TablePlan,
  key: ForeignKey,
  partialNulls: number,
  plans: TablePlans,
  ids: IdMode,
): Link {
  const parent = plans.get(key.table);
  const why = broken(child, key, parent);
  if (why !== null || parent === undefined) return { kind: 'none', why: why ?? '' };
  const linked = { parent, partial: partialNulls, match: key.match };
  const toKey = parent.key.length > 0 && sameSet(parent.key, key.to);
  if (ids === 'keep' || !toKey) {
    return { ...linked, kind: 'value', columns: key.columns, to: key.to };
  }
  const columns = parent.key.map((name) => key.columns[key.to.indexOf(name)] ?? '');
  const fitting = columns.every((name, part) => {
    return fits(columnOf(child, name).profile, columnOf(parent, parent.key[part] ?? '').type);
  });
  // A value of another type has no target id, and still has to be found where it refers to nothing.
  return fitting
    ? { ...linked, kind: 'reference', columns }
    : { ...linked, kind: 'value', columns: key.columns, to: key.to, misfit: true };
}

function broken(child: TablePlan, key: ForeignKey, parent: TablePlan | undefined): string | null {
  if (parent === undefined) return `there is no table ${quoteName(key.table)}`;
  if (key.to.length !== key.columns.length || key.to.length === 0) {
    return 'it names another number of columns than it refers to';
  }
  if (new Set(key.columns).size < key.columns.length || new Set(key.to).size < key.to.length) {
    return 'it names a column twice';
  }
  const missing = key.to.find((name) => !parent.columns.has(name));
  if (missing !== undefined) return `the parent has no column ${quoteName(missing)}`;
  return key.columns.every((name) => child.columns.has(name)) ? null : 'a column of it is missing';
}

/** What becomes of rows that refer to nothing although they look as if they did. */
function partlyNull(child: TablePlan, key: ForeignKey, { partial, match }: Linked): Decision[] {
  if (partial === 0) return [];
  const columns = key.columns.map(quoteName).join(', ');
  const rows = `${partial} row${partial === 1 ? ' has' : 's have'}`;
  const simple = {
    severity: 'INFO',
    what: 'they refer to nothing, as in SQL (MATCH SIMPLE), and pass',
    advice: 'set "match": "full" in the reference if they should be found',
  } as const;
  const full = {
    severity: 'WARNING',
    what: 'it is declared MATCH FULL, so that each of them is a BLOCKER (reference-partial)',
    advice: 'fill in or empty the columns in the source, or remove "match" from the reference',
  } as const;
  const { severity, what, advice } = match === 'full' ? full : simple;
  return [
    {
      rule: 'foreign-key',
      severity,
      table: child.schema.name,
      what: `${rows} some, but not all columns of foreign key (${columns}) null: ${what}`,
      advice,
    },
  ];
}

function notRemapped(child: TablePlan, key: ForeignKey, { misfit }: Linked): Decision[] {
  if (misfit === undefined) return [];
  const columns = key.columns.map(quoteName).join(', ');
  return [
    {
      rule: 'foreign-key',
      severity: 'WARNING',
      table: child.schema.name,
      what:
        `foreign key (${columns}) to ${quoteName(key.table)} keeps its legacy ids: its values are ` +
        'not all of the type of the key that it refers to',
      advice: 'it is checked by value: correct the odd values in the source, then use "reference"',
    },
  ];
}

/** The decision for a foreign key that the mapping leaves out. */
export function notExpressed(child: TablePlan, key: ForeignKey, why: string): Decision {
  const columns = key.columns.map(quoteName).join(', ');
  const [column, ...others] = key.columns;
  return {
    rule: 'foreign-key',
    severity: 'WARNING',
    table: child.schema.name,
    ...(column === undefined || others.length > 0 ? {} : { column }),
    what: `foreign key (${columns}) to ${quoteName(key.table)} is not checked: ${why}`,
    advice: 'the columns stay plain fields: correct the data or the declaration, then add it',
  };
}

/** Of each table the columns to which others refer by value. */
export function referredByValue(links: readonly Links[]): Map<TablePlan, Set<string>> {
  const referred = new Map<TablePlan, Set<string>>();
  for (const { parent, to } of links.flatMap(({ values }) => values)) {
    const columns = referred.get(parent) ?? new Set<string>();
    for (const name of to) columns.add(name);
    referred.set(parent, columns);
  }
  return referred;
}

/**
 * Lets columns that refer by value take the parent's type, where all their values fit it: a value
 * and what it refers to compare equal only in the same type. Each column changes once at most.
 */
export function alignTypes(plans: TablePlans, ids: IdMode): void {
  const changed = new Set<unknown>();
  for (let again = true; again;) {
    again = false;
    for (const child of plans.values()) {
      for (const link of linksOf(child, plans, ids).values) {
        const targets = columnsOf(link.parent, link.to);
        for (const [index, column] of columnsOf(child, link.columns).entries()) {
          const type = targets[index]?.type ?? column.type;
          if (formatType(type) === formatType(column.type) || changed.has(column)) continue;
          if (!mayBecome(column, type, child.key.includes(column.name))) continue;
          column.type = type;
          changed.add(column);
          again = true;
        }
      }
    }
  }
}

/** A column is not made `tagged` for the sake of a parent that is, and no text a number. */
function mayBecome(column: ColumnPlan, type: FieldType, inKey: boolean): boolean {
  if (type.kind === 'tagged' || !fits(column.profile, type)) return false;
  if (column.profile.counts.text > 0 && isNumeric(type) !== isNumeric(column.type)) return false;
  const ordered = inKey ? keyType(type, column.profile) : type;
  return ordered !== null && formatType(ordered) === formatType(type);
}

/** Why a reference by value cannot be told from the records; null when it can. */
export function whyNotByValue(
  child: TablePlan,
  link: Extract<Link, { kind: 'value' }>,
  hasField: (plan: TablePlan, column: string) => boolean,
): string | null {
  if (!link.columns.every((name) => hasField(child, name))) {
    return 'a column of it is part of another reference and no field of its own';
  }
  if (!link.to.every((name) => hasField(link.parent, name))) {
    return 'a column that it refers to is not a field';
  }
  const targets = columnsOf(link.parent, link.to);
  const pairs = columnsOf(child, link.columns).map((column, index) => [column, targets[index]]);
  const comparable = pairs.every(([a, b]) => {
    return a !== undefined && b !== undefined && (sameType(a, b) || (isSpelled(a) && isSpelled(b)));
  });
  return comparable ? null : 'its values are of another type than those that it refers to';
}

/** Types whose values are compared by what they say, be it as a number or as text. */
const SPELLED: ReadonlySet<string> = new Set(['string', 'integer', 'bigint', 'decimal', 'tagged']);

function isSpelled({ type }: ColumnPlan): boolean {
  return SPELLED.has(type.kind);
}
