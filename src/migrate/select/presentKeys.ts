/**
 * Which keys there are, for modules whose references become null where they lead to no row: a pass over
 * their keys before anything is built. Rows that are filtered have theirs, too: what becomes of references
 * to them is said elsewhere.
 */

import { compileModule } from '../../mapping/compile/module.ts';
import type { Mapping } from '../../mapping/model.ts';
import { askedBy } from './presentParents.ts';
import { freshSet, runPass, setPath, type PassContext } from './keyPass.ts';
import { ALL_ROWS, type RowSelection } from './rowSelection.ts';

/** The key sets of all modules that others ask about; none, and no pass, where nobody does. */
export async function findPresentKeys(context: PassContext): Promise<RowSelection['present']> {
  const { mapping } = context;
  const present = new Map<string, string>();
  for (const name of [...askedModules(mapping)].sort()) {
    const into = freshSet(setPath(context, name, 'present'));
    present.set(name, into);
    await runPass(compileModule(mapping, name), { kind: 'present', into }, ALL_ROWS, context);
  }
  return present;
}

function askedModules({ modules }: Mapping): Set<string> {
  return new Set(modules.flatMap(({ fields }) => Object.values(fields).flatMap(askedBy)));
}
