/** Counts the values of a column by what they say of themselves; nothing is opened, so nothing is proven. */

import { a1KeyId } from '../crypto/a1.ts';
import { ENVELOPE_PREFIX } from '../crypto/classify.ts';
import type { OpenColumn } from '../project/openKeys.ts';
import { columnPages } from './columnPages.ts';
import { textOf, valueOf } from './rowPlace.ts';

export interface KidCounts {
  readonly rows: number;
  readonly null: number;
  readonly empty: number;
  /** Values of the form `a1` by the key id that they name. */
  readonly kids: ReadonlyMap<string, number>;
  /** Other values that begin with `enc:v1:`. */
  readonly other: number;
  readonly bare: number;
}

const PAGE = 5000;

export async function countKids({ rows: table }: OpenColumn): Promise<KidCounts> {
  const counts = { rows: 0, null: 0, empty: 0, other: 0, bare: 0 };
  const kids = new Map<string, number>();
  for await (const page of columnPages(table, PAGE)) {
    for (const row of page) {
      const text = textOf(valueOf(row));
      const kid = typeof text === 'string' ? a1KeyId(text) : null;
      counts.rows += 1;
      if (text === null) counts.null += 1;
      else if (text === '') counts.empty += 1;
      else if (kid !== null) kids.set(kid, (kids.get(kid) ?? 0) + 1);
      else counts[text?.startsWith(ENVELOPE_PREFIX) === true ? 'other' : 'bare'] += 1;
    }
  }
  return { ...counts, kids };
}
