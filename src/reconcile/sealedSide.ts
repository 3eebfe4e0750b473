/** Opens the candidate whose seal a target is compared with. */

import { join } from 'node:path';

import { loadMapping, type LoadedMapping } from '../mapping/loadMapping.ts';
import { Failure } from '../outcome/failure.ts';
import { openSide, type Side } from '../seal/opened/side.ts';
import { statedSealId } from '../seal/sealedFolders.ts';

/** Opens a candidate. @throws Failure CANDIDATE if it is not the one of its folder's name, or expected */
export function openSealed(folder: string, expected: string | null): Side {
  const side = openSide(null, folder, { read: 0, total: 0 });
  const stated = statedSealId(folder);
  if (stated !== null && stated !== side.sealId) {
    throw new Failure('CANDIDATE', {
      what: "the seal id of the candidate differs from the one in its folder's name",
      where: folder,
      hint: 'the folder was replaced with another candidate; name the one that was loaded',
    });
  }
  if (expected !== null && expected !== side.sealId) {
    throw new Failure('CANDIDATE', {
      what: 'this is not the candidate that --expect-seal names',
      where: `${folder}, seal id ${side.sealId}`,
      hint: 'name the candidate that was loaded with --candidate',
    });
  }
  return side;
}

/** Loads the sealed mapping, for the ids of secret keys. @throws Failure CANDIDATE */
export async function sealedMapping(folder: string, side: Side): Promise<LoadedMapping> {
  const mapping = await loadMapping(folder, { sealed: true });
  for (const { name, sha256 } of mapping.files) {
    if (side.sums.get(`mapping/${name}`) === sha256) continue;
    throw new Failure('CANDIDATE', {
      what: 'the candidate does not verify, a file of its mapping is not the sealed one',
      where: join(folder, 'mapping', name),
      hint: 'run sealift verify-checksums --candidate DIR for details',
    });
  }
  return mapping;
}
