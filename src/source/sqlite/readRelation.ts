/** Reads and counts queries and views in the snapshot of a reader's connection. */

import { Failure } from '../../outcome/failure.ts';
import type { RelationReader, Row } from '../source.ts';
import { countBase, countRelation, LOCATOR, lostRows, relationTail } from './base.ts';
import { noColumn, tableAccess } from './tableAccess.ts';
import type { Context } from './rowPage.ts';
import { countRows } from './count.ts';
import { isLocated, relationFailure, type BaseAccess, type RelationAccess } from './relation.ts';
import { pagesByScan } from './tableScan.ts';

/** Yields pages of a relation's rows, each exact. */
export function pagesOfRelation(
  context: Context,
  relation: RelationAccess,
  columns: readonly string[],
): Generator<Row[], void, undefined> {
  for (const column of columns) {
    if (!relation.columns.includes(column)) {
      throw noColumn(context.access.shown, relation.name, column);
    }
  }
  const locator = relation.base !== null && isLocated(relation.base) ? LOCATOR : null;
  const tail = relationTail(relation);
  return pagesByScan(context, columns, { tail, repeatable: false, locator });
}

/** Returns the part of a reader that concerns relations; see source.ts. */
export function relationReader(
  { db, access }: Context,
  relations: ReadonlyMap<string, RelationAccess>,
): RelationReader {
  const ran = <T>(name: string, work: () => T): T => {
    try {
      return work();
    } catch (error) {
      throw relationFailure(error, access, name);
    }
  };
  const withBase = (name: string): readonly [RelationAccess, BaseAccess] => {
    const relation = relations.get(name);
    if (relation?.base != null) return [relation, relation.base];
    throw new Failure('SOURCE_SCHEMA', {
      what: `${JSON.stringify(name.slice(0, 80))} has no suitable base table`,
      where: access.shown,
      hint: 'check "base" in the mapping against the database',
    });
  };
  return {
    async count(name) {
      const relation = relations.get(name);
      if (relation !== undefined) return ran(name, () => countRelation(db, relation));
      tableAccess(db, access, name);
      return countRows(db, access, name);
    },
    async baseCounts(name) {
      const [relation, base] = withBase(name);
      return ran(name, () => countBase(db, relation, base));
    },
    async *lostRows(name) {
      const [relation, base] = withBase(name);
      try {
        yield* lostRows(db, relation, base);
      } catch (error) {
        throw relationFailure(error, access, name);
      }
    },
  };
}
