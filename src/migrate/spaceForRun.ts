/** Whether the disk of the candidates has room for a run, before the run writes anything. */

import { assertFreeSpace, freeBytes, type AskDisk } from '../disk/freeSpace.ts';
import { compileModule } from '../mapping/compile/module.ts';
import type { LoadedMapping } from '../mapping/load.ts';
import { leastBytes } from './leastBytes.ts';
import { estimatedBytes, type NamedSource } from '../project/sources.ts';

/** Where there is so many times as much room as the sources take, nobody counts. */
const AMPLE = 200;

export interface PlannedRun {
  readonly folder: string;
  readonly mapping: LoadedMapping;
  readonly sources: readonly NamedSource[];
  /** Of a sample it is not known beforehand what it refers to. */
  readonly sample: number | null;
}

/**
 * Refuses a run whose candidate cannot fit. The rows of files and tables are counted (each once: a
 * source remembers); those of queries and views are not, as SQL may take any time.
 * @throws Failure DISK
 */
export async function assertRoomForRun(run: PlannedRun, ask?: AskDisk): Promise<void> {
  const free = freeBytes(run.folder, ask);
  const bytes = estimatedBytes(run.sources);
  if (free === null || (bytes !== null && free > AMPLE * bytes)) return;
  assertFreeSpace(run.folder, await leastOf(run), LACK, ask);
}

const LACK = {
  what: 'the disk has not enough space for the candidate, nothing was begun',
  hint: 'free space (sealift prune removes old candidates), or choose another folder with --project',
};

async function leastOf({ mapping, sources, sample }: PlannedRun): Promise<number> {
  // The mapping is a part of the candidate.
  let least = mapping.files.reduce((sum, { bytes }) => sum + (bytes?.length ?? 0), 0);
  if (sample !== null) return least;
  const prepared = new Map(sources.map((source) => [source.name, source.prepared]));
  for (const { module: name } of mapping.modules) {
    const module = compileModule(mapping, name);
    const source = prepared.get(module.source);
    if (source === undefined || source.relations.has(module.table)) continue;
    least += leastBytes(module, await source.count(module.table));
  }
  return least;
}
