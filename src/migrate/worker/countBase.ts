/**
 * The rows of a base table against those of the query or view that accounts for them: how many
 * belong together, and a finding for each base row that the query yields nothing for.
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

/** In a worker: a query may take any time. */
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

/** What a reader of a source with SQL offers besides rows. */
export function relationsOf({ relations }: SourceReader): RelationReader {
  if (relations === undefined) throw new Error('the source has no SQL');
  return relations;
}
