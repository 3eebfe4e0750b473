/** Reads the sources of a mapping outside of a run, with a scratch folder of its own. */

import { openScratch } from '../disk/scratch.ts';
import type { Mapping, ModuleMapping } from '../mapping/model.ts';
import type { Environment } from '../run/environment.ts';
import { projectPaths } from './paths.ts';
import {
  closeSources,
  prepareSources,
  sourceLocations,
  type NamedSource,
  type SourceOverride,
} from './sources.ts';

export interface SourcesOptions {
  readonly project: string;
  /** Folder to which paths on the command line are relative. */
  readonly here: string;
  /** By the source's name, instead of the mapping's. */
  readonly sources: ReadonlyMap<string, SourceOverride>;
}

/**
 * Opens the sources of `mapping` for `read`, and closes them after it.
 * @throws Failure if a source cannot be read or changes meanwhile
 */
export async function withSources<T>(
  mapping: Mapping,
  options: SourcesOptions,
  env: Environment,
  read: (sources: readonly NamedSource[]) => Promise<T>,
  /** Modules whose rows are to be read. */
  modules: readonly ModuleMapping[] = [],
): Promise<T> {
  const folders = { project: projectPaths(options.project).root, here: options.here };
  const locations = sourceLocations(mapping, options.sources, folders, env);
  // The folder may contain a copy of a source, so it is removed on an interrupt, too.
  const since = env.now().toISOString();
  const scratch = openScratch(env.temporary, { command: 'source', pid: env.pid, since });
  const forget = env.onInterrupt(scratch.drop);
  try {
    const sources = await prepareSources(locations, scratch.path, env, modules);
    try {
      const result = await read(sources);
      for (const { prepared } of sources) await prepared.assertUnchanged();
      return result;
    } finally {
      await closeSources(sources);
    }
  } finally {
    scratch.drop();
    forget();
  }
}
