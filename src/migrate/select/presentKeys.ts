/**
 * Collects the existing keys of modules to which references become null if no row has the key, in a
 * pass before anything is built. Includes keys of filtered rows; `filteredKeys.ts` handles
 * references to these.
 */

import { compileModule } from '../../mapping/compile/module.ts';
import type { Mapping } from '../../mapping/model.ts';
import { parentsNeededBy } from './presentParents.ts';
import { freshSet, runPass, setPath, type PassContext } from './keyPass.ts';
import { ALL_ROWS, type RowSelection } from './rowSelection.ts';

/** Makes the key sets of all modules that references depend on; reads nothing if there are none. */
export async function findPresentKeys(context: PassContext): Promise<RowSelection['present']> {
  const { mapping } = context;
  const present = new Map<string, string>();
  for (const name of [...modulesToRead(mapping)].sort()) {
    const into = freshSet(setPath(context, name, 'present'));
    present.set(name, into);
    await runPass(compileModule(mapping, name), { kind: 'present', into }, ALL_ROWS, context);
  }
  return present;
}

function modulesToRead({ modules }: Mapping): Set<string> {
  return new Set(modules.flatMap(({ fields }) => Object.values(fields).flatMap(parentsNeededBy)));
}
