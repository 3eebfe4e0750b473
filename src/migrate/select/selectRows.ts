/** Collects keys before modules are built: existing ones, those of filtered rows, a sample. */

import { join } from 'node:path';

import { makeNewFolder } from '../../disk/durable.ts';
import { entriesOf, removeFile } from '../../disk/noLinks.ts';
import { findFilteredKeys } from './filteredKeys.ts';
import type { PassContext } from './keyPass.ts';
import { findPresentKeys } from './presentKeys.ts';
import type { RowSelection } from './rowSelection.ts';
import { chooseSample } from './sampleKeys.ts';

/**
 * Selects the rows of a run: `sample` records of each module and those that they refer to, or all
 * if it is null. Reads nothing if no row depends on the key of another.
 */
export async function selectRows(
  sample: number | null,
  context: PassContext,
): Promise<RowSelection> {
  makeNewFolder(context.folder);
  const present = await findPresentKeys(context);
  const filtered = await findFilteredKeys(context);
  const known = { present, filtered };
  const chosen = sample === null ? null : await chooseSample(sample, known, context);
  const sets = [filtered, present, chosen ?? new Map<string, string>()];
  const kept = new Set<string>();
  for (const paths of sets) for (const path of paths.values()) kept.add(path);
  for (const { name } of entriesOf(context.folder)) {
    const path = join(context.folder, name);
    if (!kept.has(path)) removeFile(path);
  }
  return { ...known, chosen };
}
