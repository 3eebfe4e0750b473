/** Makes sure that a source whose writes are frozen was not written to by those whom a freeze does not stop. */

import { join } from 'node:path';

import { writesState } from '../journal/frozenWrites.ts';
import { JOURNAL_FILE, readJournal } from '../journal/journal.ts';
import type { ModuleMapping } from '../mapping/model.ts';
import { counted } from '../outcome/counted.ts';
import { Failure } from '../outcome/failure.ts';
import { quoteName } from '../outcome/quoteName.ts';
import type { LaterWrite } from '../source/unchanged.ts';
import { projectPaths } from './paths.ts';
import { relationsOf, type NamedSource } from './sources.ts';

/** Compares the tables of frozen sources with their snapshots. @throws Failure SOURCE_CHANGED */
export async function assertNoLaterWrites(
  sources: readonly NamedSource[],
  modules: readonly ModuleMapping[],
  project: string,
): Promise<void> {
  const { journal: folder } = projectPaths(project);
  const journal = readJournal(folder);
  for (const { name, prepared } of sources) {
    const { state } = writesState(journal, name, join(folder, JOURNAL_FILE));
    if (state !== 'frozen' || prepared.laterWrites === undefined) continue;
    const [first, ...more] = await prepared.laterWrites(relationsOf(name, modules));
    if (first !== undefined) throw written(name, prepared.label, first, more.length);
  }
}

function written(
  source: string,
  where: string,
  { table, written: rows, gone, remade }: LaterWrite,
  more: number,
): Failure {
  const how = remade
    ? 'was made anew'
    : `${counted(rows, 'row')} written, ${counted(gone, 'row')} changed or deleted`;
  const others = more === 0 ? '' : `, and ${counted(more, 'table')} more`;
  return new Failure('SOURCE_CHANGED', {
    what: `source ${quoteName(source)} was written to while it was read, although its writes are frozen: table ${quoteName(table)}, ${how}${others}`,
    where,
    hint: 'find out who wrote: sealift freeze-writes names those whom it does not stop; then run again',
  });
}
