/** The freeze of a project's mapping, which runs have to respect. */

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
 * Returns the freeze that a run has to respect; null if there is none.
 * @throws Failure MAPPING if a file has changed since
 */
export async function freezeInForce(project: string): Promise<Freeze | null> {
  const { mapping } = projectPaths(project);
  const frozen = await readFreeze(mapping);
  if (frozen === null) return null;
  const changes = changesBetween(frozen.files, await digestMappingFiles(mapping));
  if (changes.length > 0) throw changedSince(changes);
  return frozen;
}

/** Asserts that the loaded mapping is the frozen one. @throws Failure MAPPING */
export function assertAsFrozen(frozen: Freeze | null, mapping: LoadedMapping): void {
  if (frozen !== null) assertFrozenDigest(frozen, mapping.digest);
}
