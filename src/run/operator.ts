/** The operator's name for the journal, as stated by the operator. */

import type { Environment } from './environment.ts';
import { assertPrintable } from './validText.ts';

const MAX_NAME = 128;

/** Returns --who, else MIGRATE_OPERATOR; null if neither is set. @throws Failure USAGE */
export function operatorOf(who: string | null, { variables }: Environment): string | null {
  const name = who ?? variables['MIGRATE_OPERATOR'] ?? null;
  if (name === null) return null;
  assertPrintable(name, MAX_NAME, {
    what: "an operator's name",
    where: who === null ? 'MIGRATE_OPERATOR' : '--who',
    hint: 'give a short name, or leave it out',
  });
  return name;
}
