/** Checks the free space for a run before the run writes anything. */

import { assertFreeSpace, freeBytes, type AskDisk } from '../disk/freeSpace.ts';
import { compileModule } from '../mapping/compile/module.ts';
import type { LoadedMapping } from '../mapping/loadMapping.ts';
import { leastBytes } from './leastBytes.ts';
import { estimatedBytes, type NamedSource } from '../project/sources.ts';

/** Skips the estimate if free space exceeds the size of the sources by this factor. */
const AMPLE = 200;

export interface PlannedRun {
  readonly folder: string;
  readonly mapping: LoadedMapping;
  readonly sources: readonly NamedSource[];
  /** Number of sampled records; the records that a sample refers to are not known beforehand. */
  readonly sample: number | null;
}

/**
 * Fails if the candidate of a run cannot fit. Counts the rows of files and tables, which sources
 * cache, but not those of queries and views, as SQL may take any time.
 * @throws Failure DISK
 */
export async function assertSpaceForRun(run: PlannedRun, ask?: AskDisk): Promise<void> {
  const free = freeBytes(run.folder, ask);
  const bytes = estimatedBytes(run.sources);
  if (free === null || (bytes !== null && free > AMPLE * bytes)) return;
  assertFreeSpace(run.folder, await leastOf(run), TOO_SMALL, ask);
}

const TOO_SMALL = {
  what: 'the disk does not have enough space for the candidate, nothing was started',
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
