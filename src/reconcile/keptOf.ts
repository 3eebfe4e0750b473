/** What a reconcile notes of a target for a promote or rollback there: what the tables held, and what was not read. */

import type { ReconciledEvent } from '../journal/event.ts';
import type { ComparedModule } from '../outcome/comparison.ts';
import type { PreparedSource } from '../source/source.ts';
import type { FoundTable } from './locateTables.ts';

export type Kept = Pick<ReconciledEvent, 'seen' | 'beside'>;

/** Asks the target while its snapshot lasts. @throws Failure */
export async function keptOf(
  target: PreparedSource,
  tables: readonly FoundTable[],
  modules: readonly ComparedModule[],
): Promise<Kept> {
  const rows = new Map(modules.map((module) => [module.module, module.rows]));
  const read = tables.flatMap(({ sealed, table, columns }) => {
    const count = rows.get(sealed.module) ?? null;
    const names = [...columns.values()].map(({ name }) => name);
    return count === null ? [] : [{ table: table.name, rows: count, columns: names }];
  });
  const seen = (await target.seen?.(read)) ?? null;
  const beside = (await target.valuesBeside?.(read)) ?? [];
  return { ...(seen === null ? {} : { seen }), ...(beside.length === 0 ? {} : { beside }) };
}
