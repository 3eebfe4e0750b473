/** The freeze of a project's mapping, as runs have to keep to it. */

import {
  assertFrozenDigest,
  changedSince,
  changesBetween,
  digestMappingFiles,
  readFreeze,
  type Freeze,
} from '../mapping/freezeFile.ts';
import type { LoadedMapping } from '../mapping/load.ts';
import { projectPaths } from './paths.ts';

/**
 * The freeze that a run has to keep to; null where there is none.
 * @throws Failure MAPPING where a file has changed since
 */
export async function freezeInForce(project: string): Promise<Freeze | null> {
  const { mapping } = projectPaths(project);
  const frozen = await readFreeze(mapping);
  if (frozen === null) return null;
  const changes = changesBetween(frozen.files, await digestMappingFiles(mapping));
  if (changes.length > 0) throw changedSince(changes);
  return frozen;
}

/** What was loaded is what was frozen. @throws Failure MAPPING */
export function assertAsFrozen(frozen: Freeze | null, mapping: LoadedMapping): void {
  if (frozen !== null) assertFrozenDigest(frozen, mapping.digest);
}
