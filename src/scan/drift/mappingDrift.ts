/**
 * Compares a mapping with the sealed one, file by file. project.json and modules are compared in
 * canonical form, so that formatting is no drift.
 */

import type { LoadedMapping } from '../../mapping/loadMapping.ts';
import { moduleFile } from '../../mapping/place.ts';
import type { Finding } from '../../outcome/finding.ts';
import { canonicalJson } from '../../record/canonical.ts';
import { byUtf8, MAPPING_FOLDER } from '../../seal/format.ts';
import { driftFinding } from './driftFinding.ts';

/** Yields findings `drift` for the files that differ, ascending by name. */
export function* checkMappingDrift(
  sealed: LoadedMapping,
  current: LoadedMapping,
): Generator<Finding> {
  if (sealed.digest === current.digest) return;
  const before = contents(sealed);
  const now = contents(current);
  for (const name of [...new Set([...before.keys(), ...now.keys()])].sort(byUtf8)) {
    if (before.get(name) === now.get(name)) continue;
    const module = /^modules\/(.*)\.json$/.exec(name)?.[1];
    const file = `${MAPPING_FOLDER}/${name}`;
    yield driftFinding(sealed, reasonOf(before.has(name), now.has(name)), { module, file });
  }
}

function reasonOf(before: boolean, now: boolean): string {
  if (!before) return 'this file of the mapping is new';
  if (!now) return 'this file of the mapping no longer exists';
  return 'this file of the mapping has changed since it was sealed';
}

/** Returns, by file, its canonical JSON, or the digest of a registry. */
function contents({ files, project, modules }: LoadedMapping): Map<string, string> {
  const byFile = new Map<string, string>(files.map(({ name, sha256 }) => [name, sha256]));
  byFile.set('project.json', canonicalJson(project));
  for (const module of modules) byFile.set(moduleFile(module.module), canonicalJson(module));
  return byFile;
}
