/**
 * Matches the rows of a base table with those of the query or view that accounts for them, with a
 * finding for each base row for which the query yields nothing.
 */

import type { UnlinkedFile } from '../../disk/unlinkedFile.ts';
import type { CompiledModule } from '../../mapping/compile/module.ts';
import type { RelationReader, SourceReader } from '../../source/source.ts';
import type { CountedBase } from '../calls.ts';
import { findingLog } from './findingLog.ts';

const LOST = {
  rule: 'accounting',
  severity: 'BLOCKER',
  reason: 'the query yields nothing for this row of its base table',
} as const;

/** Counts the matches; runs in a worker, as a query may take any time. */
export async function countBase(
  { name, table, base }: CompiledModule,
  relations: RelationReader,
  file: UnlinkedFile,
): Promise<CountedBase> {
  if (base === null) throw new Error(`module ${name} has no base`);
  const counts = await relations.baseCounts(table);
  const log = findingLog({ name, table: base.table }, file);
  if (counts.lost > 0 && base.lost !== 'filter') {
    for await (const page of relations.lostRows(table)) {
      for (const locator of page) log.add(LOST, locator);
    }
  }
  return { counts, findings: log.finish() };
}

/** Returns the reader of queries and views. @throws Error if the source has no SQL */
export function relationsOf({ relations }: SourceReader): RelationReader {
  if (relations === undefined) throw new Error('the source has no SQL');
  return relations;
}
