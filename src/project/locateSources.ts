/** Finds the sources of a sealed mapping, which may have moved since. */

import { resolve } from 'node:path';

import type { LoadedMapping } from '../mapping/loadMapping.ts';
import type { SourceOverride } from './sources.ts';
import { parseSourceUrl, type SourceEnvironment } from './sourceUrl.ts';
import type { SourcesOptions } from './withSources.ts';

/**
 * Returns where the sealed sources are now: according to the command line, else the project today,
 * else the project when the candidate was sealed.
 */
export function locateSources(
  sealed: LoadedMapping,
  current: LoadedMapping,
  { project, sources }: SourcesOptions,
  env: Pick<SourceEnvironment, 'adapters' | 'variables'>,
): Map<string, SourceOverride> {
  const located = new Map(sources);
  for (const name of Object.keys(sealed.project.sources)) {
    const today = Object.hasOwn(current.project.sources, name)
      ? current.project.sources[name]?.url
      : undefined;
    if (today === undefined || located.has(name)) continue;
    located.set(name, parseSourceUrl(today, resolve(project), env));
  }
  return located;
}
