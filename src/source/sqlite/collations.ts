/** Collations of the columns of unique sets, as their indexes declare them, except byte order. */

import type { Collation } from '../source.ts';
import type { Connection } from './connection.ts';
import { indexColumns, indexesOf } from './describe.ts';

export const NO_COLLATIONS: ReadonlyMap<string, Collation> = new Map();

/** Returns collations by column; those other than NOCASE and RTRIM are not SQLite's own. */
export function collationsOf(db: Connection, table: string): ReadonlyMap<string, Collation> {
  const found = new Map<string, Collation>();
  for (const index of indexesOf(db, table)) {
    if (index.unique !== 1 || index.partial !== 0) continue;
    for (const { name, coll } of indexColumns(db, index.name)) {
      const known = coll.toUpperCase();
      if (name !== null && (known === 'NOCASE' || known === 'RTRIM')) found.set(name, known);
    }
  }
  return found;
}
