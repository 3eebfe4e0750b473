/**
 * Turns each declared foreign key into a reference to the parent's target id or a reference by
 * value. If a mapping cannot express it, the columns stay plain and a decision says so.
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
  /** Number of rows of which some of the columns are null, and others are not. */
  readonly partial: number;
  readonly match: 'full' | undefined;
  /** Set if some values are of another type than the key, so that no value gets a new id. */
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

/** Sorts the foreign keys of one table by what they become. Types and keys are chosen already. */
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
  // A value of another type has no target id, but a value that refers to nothing must be found.
  return fitting
    ? { ...linked, kind: 'reference', columns }
    : { ...linked, kind: 'value', columns: key.columns, to: key.to, misfit: true };
}

function broken(child: TablePlan, key: ForeignKey, parent: TablePlan | undefined): string | null {
  if (parent === undefined) return `there is no table ${quoteName(key.table)}`;
  if (key.to.length !== key.columns.length || key.to.length === 0) {
    return 'it has another number of columns than the key it refers to';
  }
  if (new Set(key.columns).size < key.columns.length || new Set(key.to).size < key.to.length) {
    return 'it names a column twice';
  }
  const missing = key.to.find((name) => !parent.columns.has(name));
  if (missing !== undefined) return `the parent has no column ${quoteName(missing)}`;
  return key.columns.every((name) => child.columns.has(name))
    ? null
    : 'one of its columns is missing';
}

/** Returns the decision for rows with some, but not all columns of the key null. */
function partlyNull(child: TablePlan, key: ForeignKey, { partial, match }: Linked): Decision[] {
  if (partial === 0) return [];
  const columns = key.columns.map(quoteName).join(', ');
  const rows = `${partial} row${partial === 1 ? ' has' : 's have'}`;
  const simple = {
    severity: 'INFO',
    what: 'as in SQL (MATCH SIMPLE), they refer to nothing and pass',
    advice: 'set "match": "full" in the reference if they should be reported',
  } as const;
  const full = {
    severity: 'WARNING',
    what: 'the key is declared MATCH FULL, so each of them is a BLOCKER (reference-partial)',
    advice:
      'in the source, fill in all of the columns or none, or remove "match" from the reference',
  } as const;
  const { severity, what, advice } = match === 'full' ? full : simple;
  return [
    {
      rule: 'foreign-key',
      severity,
      table: child.schema.name,
      what: `${rows} nulls in some, but not all columns of foreign key (${columns}): ${what}`,
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
        `foreign key (${columns}) to ${quoteName(key.table)} keeps its legacy ids: ` +
        'not all of its values have the type of the key that it refers to',
      advice: 'it is checked by value: correct the odd values in the source, then use "reference"',
    },
  ];
}

/** Returns the decision for a foreign key that the mapping leaves out. */
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

/** Returns the columns of each table to which others refer by value. */
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
 * Gives columns that refer by value the parent's type if it fits all their values: values compare
 * equal only in the same type. Each column changes at most once.
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

/** A column does not become `tagged` because its parent is, and a text does not become a number. */
function mayBecome(column: ColumnPlan, type: FieldType, inKey: boolean): boolean {
  if (type.kind === 'tagged' || !fits(column.profile, type)) return false;
  if (column.profile.counts.text > 0 && isNumeric(type) !== isNumeric(column.type)) return false;
  const ordered = inKey ? keyType(type, column.profile) : type;
  return ordered !== null && formatType(ordered) === formatType(type);
}

/** Returns why a reference by value cannot be checked in the records; null if it can. */
export function whyNotByValue(
  child: TablePlan,
  link: Extract<Link, { kind: 'value' }>,
  hasField: (plan: TablePlan, column: string) => boolean,
): string | null {
  if (!link.columns.every((name) => hasField(child, name))) {
    return 'one of its columns is part of another reference and not a field of its own';
  }
  if (!link.to.every((name) => hasField(link.parent, name))) {
    return 'one of the columns that it refers to is not a field';
  }
  const targets = columnsOf(link.parent, link.to);
  const pairs = columnsOf(child, link.columns).map((column, index) => [column, targets[index]]);
  const comparable = pairs.every(([a, b]) => {
    return a !== undefined && b !== undefined && (sameType(a, b) || (isSpelled(a) && isSpelled(b)));
  });
  return comparable ? null : 'its values have another type than those that it refers to';
}

/** Types whose values are compared by their text, whether they are numbers or texts. */
const SPELLED: ReadonlySet<string> = new Set(['string', 'integer', 'bigint', 'decimal', 'tagged']);

function isSpelled({ type }: ColumnPlan): boolean {
  return SPELLED.has(type.kind);
}
