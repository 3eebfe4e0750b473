/**
 * Sources that a scan of the live candidate cannot reach: it is not known whether they have changed,
 * which is a warning unless the mapping declares them gone.
 */

import { loadMapping, type LoadedMapping } from '../mapping/loadMapping.ts';
import { severityOf } from '../mapping/severity.ts';
import { Failure } from '../outcome/failure.ts';
import type { Finding } from '../outcome/finding.ts';
import { quoteName } from '../outcome/quoteName.ts';
import { projectPaths } from '../project/paths.ts';
import { askSources } from '../project/sourceStates.ts';
import type { SourcesOptions } from '../project/withSources.ts';
import type { Environment } from '../run/environment.ts';
import { driftFinding } from './drift/driftFinding.ts';

/**
 * Returns a finding `drift` for each source of the sealed mapping that cannot be reached, or one for
 * another failure to read them.
 */
export async function unreachedFindings(
  sealed: LoadedMapping,
  failure: Failure,
  options: SourcesOptions,
  env: Environment,
): Promise<Finding[]> {
  const severity = severityOf(sealed.project, 'drift', '');
  const finding = (reason: string): Finding =>
    driftFinding(sealed, reason, { severity: severity === 'BLOCKER' ? 'WARNING' : severity });
  if (failure.code !== 'SOURCE_MISSING') {
    return [finding(`the sources cannot be read, so they may have changed: ${failure.message}`)];
  }
  const gone = new Set([...goneIn(sealed), ...goneIn(await currentMapping(options))]);
  const found = await askSources(sealed, options, env, async () => null);
  return [...found].flatMap(([name, { missing }]) => {
    if (missing === null || gone.has(name)) return [];
    const source = `source ${quoteName(name)}`;
    return [finding(`${source} cannot be reached, so it may have changed: ${missing.message}`)];
  });
}

/** Returns the names of the sources that a mapping declares gone. */
function goneIn(mapping: LoadedMapping | null): string[] {
  const sources = Object.entries(mapping?.project.sources ?? {});
  return sources.flatMap(([name, { gone }]) => (gone === true ? [name] : []));
}

/** Loads the project's mapping of today; null if it is not valid, which is no matter of a scan. */
async function currentMapping({ project }: SourcesOptions): Promise<LoadedMapping | null> {
  try {
    return await loadMapping(projectPaths(project).root);
  } catch (error) {
    if (error instanceof Failure) return null;
    throw error;
  }
}
