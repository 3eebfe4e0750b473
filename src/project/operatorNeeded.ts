/** The name of the operator, where a project requires one. */

import { loadMapping } from '../mapping/loadMapping.ts';
import type { ProjectMapping } from '../mapping/model.ts';
import { Failure } from '../outcome/failure.ts';
import { isRehearsal } from './paths.ts';

/** @throws Failure USAGE if the project requires a name and there is none */
export function assertOperator(
  { operator }: Pick<ProjectMapping, 'operator'>,
  who: string | null,
  root: string,
): void {
  if (operator !== 'required' || who !== null || isRehearsal(root)) return;
  throw new Failure('USAGE', {
    what: 'this project requires the name of the operator',
    where: '"operator" in mapping/project.json',
    hint: 'give your name with --who, or set MIGRATE_OPERATOR',
  });
}

/** The same for a command that must work although the mapping is wrong, which it does not use. */
export async function assertOperatorIfKnown(root: string, who: string | null): Promise<void> {
  assertOperator(await requirementOf(root), who, root);
}

async function requirementOf(root: string): Promise<Pick<ProjectMapping, 'operator'>> {
  try {
    return (await loadMapping(root)).project;
  } catch (error) {
    if (error instanceof Failure) return {};
    throw error;
  }
}
