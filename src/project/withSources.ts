/** A look at the sources of a candidate, in a scratch of its own, without a run. */

import { tmpdir } from 'node:os';

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

export interface LookOptions {
  readonly project: string;
  /** Folder to which paths on the command line are relative. */
  readonly cwd: string;
  /** By the source's name, instead of the mapping's. */
  readonly sources: ReadonlyMap<string, SourceOverride>;
}

/** Opens the sources that `mapping` names for `look`; @throws Failure where one cannot be read */
export async function lookAtSources<T>(
  mapping: Mapping,
  options: LookOptions,
  env: Environment,
  look: (sources: readonly NamedSource[]) => Promise<T>,
  /** Modules whose rows are to be read. */
  modules: readonly ModuleMapping[] = [],
): Promise<T> {
  const folders = { project: projectPaths(options.project).root, cwd: options.cwd };
  const locations = sourceLocations(mapping, options.sources, folders, env);
  // A copy of a source may be in there: an interrupted look leaves none behind.
  const since = env.now().toISOString();
  const scratch = openScratch(tmpdir(), { command: 'source', pid: env.pid, since });
  const forget = env.onInterrupt(scratch.drop);
  try {
    const sources = await prepareSources(locations, scratch.path, env, modules);
    try {
      const seen = await look(sources);
      for (const { prepared } of sources) await prepared.assertUnchanged();
      return seen;
    } finally {
      await closeSources(sources);
    }
  } finally {
    scratch.drop();
    forget();
  }
}
