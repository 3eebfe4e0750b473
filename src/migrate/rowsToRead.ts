/** Counts the rows of a module before they are read, and finds the table that locates them. */

import type { Pool } from '../threads/pool.ts';
import type { FindingStore } from '../findings/findingStore.ts';
import type { CompiledModule } from '../mapping/compile/module.ts';
import type { PreparedSource } from '../source/source.ts';
import { COUNT_BASE, COUNT_ROWS, type CountedBase } from './calls.ts';

interface CountContext {
  readonly pool: Pool;
  readonly source: PreparedSource;
  readonly scratch: string;
  readonly findings: FindingStore;
}

interface RowsToRead {
  readonly rows: number;
  readonly base: CountedBase | null;
}

/** Counts the rows to be read, and matches them with those of the base table, if any. */
export async function countRows(
  module: CompiledModule,
  { pool, source, scratch, findings }: CountContext,
): Promise<RowsToRead> {
  if (!source.relations.has(module.table)) {
    return { rows: await source.count(module.table), base: null };
  }
  // The SQL of the mapping runs in a worker, so that it can be interrupted.
  if (module.base === null) {
    return { rows: await pool.call(COUNT_ROWS, { module: module.name }), base: null };
  }
  const file = findings.share(scratch);
  const base = await pool.call(COUNT_BASE, { module: module.name, findings: file });
  findings.adopt(base.findings);
  return { rows: base.counts.results - base.counts.strays, base };
}

/** Returns the table that the locators of a module's rows refer to. */
export function locatedIn(module: CompiledModule, source: PreparedSource): string {
  return source.relations.get(module.table)?.locates ?? module.table;
}
