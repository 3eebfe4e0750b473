/** Checks names of modules from the command line and the environment. */

import { Failure } from './failure.ts';
import { didYouMean } from './nearest.ts';
import { quoteName } from './quoteName.ts';

/** Maximum number of names in a hint. */
const LISTED = 8;

/**
 * Fails if a name is not in `known`. `where` is the option, variable or command that names the
 * modules; `of` is their owner.
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
