/**
 * Finds columns, and places in JSON, whose values all occur among the keys of another table
 * although no foreign key says so. Lists in JSON never have a foreign key, and files have none at
 * all.
 */

import type { PathReference } from '../mapping/model.ts';
import { quoteName } from '../outcome/quoteName.ts';
import type { Decision } from './decision.ts';
import type { IdMode, Links } from './foreignKeys.ts';
import { within, type IdSketch } from './idSketch.ts';
import type { IdValues } from './idTally.ts';
import type { ColumnPlan, TablePlan } from './tablePlan.ts';

/** The references of each json field that certainly holds ids. */
export type NestedReferences = ReadonlyMap<ColumnPlan, string | readonly PathReference[]>;

interface Target {
  readonly plan: TablePlan;
  readonly column: ColumnPlan;
  readonly keys: IdSketch;
}

interface Found {
  readonly values: IdValues;
  readonly targets: readonly Target[];
  /** Whether both sketches are complete. */
  readonly certain: boolean;
}

export interface LikelyIds {
  readonly references: NestedReferences;
  readonly decisions: ReadonlyMap<TablePlan, readonly Decision[]>;
}

/** Finds columns that look like ids in all tables. Keys and types are chosen already. */
export function looksLikeIds(links: ReadonlyMap<TablePlan, Links>, ids: IdMode): LikelyIds {
  const targets = [...links.keys()].flatMap(targetsOf);
  const references = new Map<ColumnPlan, string | readonly PathReference[]>();
  const decisions = new Map<TablePlan, Decision[]>();
  for (const [plan, { references: byId, values }] of links) {
    const linked = new Set([...byId, ...values].flatMap(({ columns }) => columns));
    const known: Decision[] = [];
    for (const column of plan.columns.values()) {
      if (linked.has(column.name)) continue;
      const found = foundIn(column, targets, ids);
      const clear = clearReferences(column, found);
      if (clear !== null) references.set(column, clear);
      known.push(
        ...found.map((one) => decisionOf(plan, column, one, { ids, written: clear !== null })),
      );
    }
    decisions.set(plan, known);
  }
  return { references, decisions };
}

/**
 * Lists the columns that others may refer to: the key of a table, or, without a key, a column named
 * like one.
 */
function targetsOf(plan: TablePlan): Target[] {
  const [only, ...others] = plan.key;
  return [...plan.columns.values()].flatMap((column) => {
    const keys = column.ids?.own ?? null;
    const isKey = others.length === 0 && only === column.name;
    if (keys === null || keys.hashes.length === 0) return [];
    return isKey || plan.key.length === 0 ? [{ plan, column, keys }] : [];
  });
}

function foundIn(column: ColumnPlan, targets: readonly Target[], ids: IdMode): Found[] {
  return (column.ids?.values ?? []).flatMap((values) => {
    // Without new ids, a column that is equal to a key still refers to it.
    if (values.path === null && (ids === 'keep' || column.ids?.own !== null)) return [];
    const fitting = targets.filter((target) => {
      if (target.column === column || (within(values.sketch, target.keys) ?? 0) === 0) return false;
      return values.texts || isNamedAfter(column, values, target);
    });
    const named = fitting.filter((target) => isNamedAfter(column, values, target));
    const meant = named.length > 0 ? named : fitting;
    if (meant.length === 0) return [];
    const certain = values.sketch.complete && meant.every(({ keys }) => keys.complete);
    return [{ values, targets: meant, certain }];
  });
}

/** Whether a name such as `dogIds` or `dog_id` refers to the table `dogs`. */
function isNamedAfter({ name }: ColumnPlan, { path }: IdValues, { plan, column }: Target): boolean {
  const last = path?.split('/').findLast((token) => token !== '*' && token !== '') ?? name;
  const stem = stemOf(last);
  if (stem === '') return false;
  return stem === stemOf(plan.schema.name) || last === plan.schema.name + column.name;
}

/** Strips a name of case, separators, words for an id, and the plural. */
function stemOf(name: string): string {
  const words = name
    .replaceAll(/(\p{Ll})(\p{Lu})/gu, '$1 $2')
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => !ID_WORDS.has(word));
  return words.join('').replace(/(?<=..)(?:e?s|en|e)$/, '');
}

const ID_WORDS: ReadonlySet<string> = new Set([
  '',
  'id',
  'ids',
  'uuid',
  'uuids',
  'nr',
  'key',
  'fk',
  'ref',
]);

/**
 * Returns the references to write: every place is certain, and refers to one module that has a key.
 */
function clearReferences(
  column: ColumnPlan,
  found: readonly Found[],
): string | readonly PathReference[] | null {
  if (column.type.kind !== 'json' || found.length === 0) return null;
  const references: PathReference[] = [];
  for (const { values, targets, certain } of found) {
    const [target, another] = targets;
    const { path } = values;
    if (target === undefined || another !== undefined || path === null || !certain) return null;
    if (target.plan.key.length === 0) return null;
    references.push({ path, module: target.plan.module });
  }
  const [only, more] = references;
  const isList = only?.path === '/*' && more === undefined && column.ids?.values.length === 1;
  return isList ? only.module : references;
}

function decisionOf(
  plan: TablePlan,
  column: ColumnPlan,
  { values, targets }: Found,
  { ids, written }: { readonly ids: IdMode; readonly written: boolean },
): Decision {
  const where = values.path === null ? '' : ` at ${quoteName(values.path)}`;
  const names = targets.map((target) => {
    return `${quoteName(target.plan.schema.name)}.${quoteName(target.column.name)}`;
  });
  const what = `every value${where} is one of ${names.join(' and of ')}`;
  const base = { rule: 'ids', table: plan.schema.name, column: column.name } as const;
  if (written) {
    return {
      ...base,
      severity: 'INFO',
      what: `${what}: it is a reference${ids === 'uuid' ? ', and gets the new ids' : ''}`,
      advice: 'remove "references" from the field if that is a coincidence',
    };
  }
  const stays = ids === 'uuid' ? 'it keeps the legacy ids' : 'nothing checks that those rows exist';
  const keyless = targets.find((target) => target.plan.key.length === 0);
  const first =
    keyless === undefined
      ? ''
      : `give module ${keyless.plan.module} the key ${quoteName(keyless.column.name)}, then `;
  const type = column.type.kind === 'json' ? '' : ' type json and';
  const as = values.path === null ? 'make it a "reference"' : `give it${type} "references"`;
  return {
    ...base,
    severity: 'WARNING',
    what: `${what}, and ${stays}`,
    advice: `${first}${as} if that is not a coincidence`,
  };
}
