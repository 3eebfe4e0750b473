/**
 * Keys that the source compares without regard to case or to trailing spaces, as its foreign keys
 * do. A mapping compares exactly; a decision says where that makes a difference.
 */

import { quoteName } from '../outcome/quoteName.ts';
import type { Collation } from '../source/source.ts';
import type { Decision } from './decision.ts';
import type { Links } from './foreignKeys.ts';
import { columnOf, type ColumnPlan, type TablePlan } from './tablePlan.ts';

/** The transform that equals a collation, and its description. */
const COLLATIONS = {
  NOCASE: { transform: 'lower', words: 'without case' },
  RTRIM: { transform: 'trim', words: 'without spaces at the end' },
} as const satisfies Record<Collation, unknown>;

type Link = Links['references'][number] | Links['values'][number];

interface Pair {
  readonly child: ColumnPlan;
  readonly parent: ColumnPlan;
  readonly collation: Collation;
}

/**
 * Gives keys that are referred to the transforms that equal their collations, if they do so for all
 * values on both sides. Returns the decisions by referring table.
 */
export function foldKeys(links: ReadonlyMap<TablePlan, Links>): Map<TablePlan, Decision[]> {
  const all = [...links].flatMap(([child, { references, values }]) => {
    return [...references, ...values].map((link) => ({ child, link, pairs: pairsOf(child, link) }));
  });
  const byId = all.filter(({ link }) => link.kind === 'reference').flatMap(({ pairs }) => pairs);
  const unclear = new Set(byId.filter((pair) => !isSame(pair)).map(({ parent }) => parent));
  for (const { parent, collation } of byId) {
    if (!unclear.has(parent)) parent.keyTransform = COLLATIONS[collation].transform;
  }
  const decisions = new Map<TablePlan, Decision[]>();
  for (const { child, link, pairs } of all) {
    const known = decisions.get(child) ?? [];
    for (const pair of pairs) known.push(decisionOf(child, link, pair));
    decisions.set(child, known);
  }
  return decisions;
}

/** Lists the text columns of a link that refer to a column with a collation of its own. */
function pairsOf(child: TablePlan, link: Link): Pair[] {
  const to = link.kind === 'reference' ? link.parent.key : link.to;
  return link.columns.flatMap((name, index) => {
    const parent = columnOf(link.parent, to[index] ?? '');
    const { collation } = parent.schema;
    const own = columnOf(child, name);
    return collation === undefined || own.profile.counts.text === 0
      ? []
      : [{ child: own, parent, collation }];
  });
}

/** Whether the transform makes the same values equal as the collation does, and no others. */
function isSame({ child, parent, collation }: Pair): boolean {
  const property = collation === 'NOCASE' ? 'ascii' : 'spacesAtEnd';
  return child.profile[property] && parent.profile[property];
}

function decisionOf(child: TablePlan, link: Link, pair: Pair): Decision {
  const { words, transform } = COLLATIONS[pair.collation];
  const to = `${quoteName(link.parent.schema.name)}.${quoteName(pair.parent.name)}`;
  const base = { rule: 'foreign-key', table: child.schema.name, column: pair.child.name } as const;
  if (link.kind === 'reference' && pair.parent.keyTransform !== undefined) {
    return {
      ...base,
      severity: 'INFO',
      what: `it refers to ${to}, which the source compares ${words}: so does the mapping`,
      advice: `remove "transforms": ["${transform}"] from that key if spellings are to differ`,
    };
  }
  return {
    ...base,
    severity: 'WARNING',
    what:
      `it refers to ${to}, which the source compares ${words}. The mapping compares exactly: ` +
      'a value that is spelled differently from its key is a BLOCKER (reference)',
    advice:
      'give the field, and the key if it may change, "transforms" (lower, upper, trim) that make ' +
      'both equal, or make the field a "reference" with "onMissing": "null"',
  };
}
