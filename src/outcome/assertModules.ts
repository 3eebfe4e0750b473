/** Names of modules on the command line and in the environment, against those that there are. */

import { Failure } from './failure.ts';
import { didYouMean } from './nearest.ts';
import { quoteName } from './quoteName.ts';

/** Names that a hint lists. */
const LISTED = 8;

/**
 * `where` is the option, variable or command that names them; `of` is what has the modules.
 * @throws Failure USAGE for the first name that is not in `known`
 */
export function assertModules(
  names: readonly string[],
  known: readonly string[],
  { of, where }: { readonly of: 'mapping' | 'candidate'; readonly where: string },
): void {
  const missing = names.find((name) => !known.includes(name));
  if (missing === undefined) return;
  throw new Failure('USAGE', {
    what: `the ${of} has no module ${quoteName(missing)}`,
    where,
    hint: didYouMean(missing, known, `it has ${known.slice(0, LISTED).join(', ')}`),
  });
}
