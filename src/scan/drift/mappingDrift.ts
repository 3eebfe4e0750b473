/**
 * What of a mapping is not as it was sealed, file by file. Of project.json and the modules it is what
 * they say that counts: layout is no drift.
 */

import type { LoadedMapping } from '../../mapping/load.ts';
import { moduleFile } from '../../mapping/place.ts';
import type { Finding } from '../../outcome/finding.ts';
import { canonicalJson } from '../../record/canonical.ts';
import { byUtf8, MAPPING_FOLDER } from '../../seal/format.ts';
import { driftFinding } from './driftFinding.ts';

/** Findings `drift` of the files that differ, ascending by name. */
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
  if (!before) return 'the mapping has this file now, the sealed one did not';
  if (!now) return 'the mapping does not have this file any more';
  return 'this file of the mapping is not as it was sealed';
}

/** File → what it says: canonical JSON, or of a registry its digest. */
function contents({ files, project, modules }: LoadedMapping): Map<string, string> {
  const said = new Map<string, string>(files.map(({ name, sha256 }) => [name, sha256]));
  said.set('project.json', canonicalJson(project));
  for (const module of modules) said.set(moduleFile(module.module), canonicalJson(module));
  return said;
}
