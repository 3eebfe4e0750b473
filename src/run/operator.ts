/** Who works here, for the journal: only what they say themselves. */

import type { Environment } from './environment.ts';
import { assertSoundText } from './validText.ts';

const MAX_NAME = 128;

/** What --who or else MIGRATE_OPERATOR says; null where neither does. @throws Failure USAGE */
export function operatorOf(who: string | null, { variables }: Environment): string | null {
  const name = who ?? variables['MIGRATE_OPERATOR'] ?? null;
  if (name === null) return null;
  assertSoundText(name, MAX_NAME, {
    what: "an operator's name",
    where: who === null ? 'MIGRATE_OPERATOR' : '--who',
    hint: 'give a short one, or leave it out',
  });
  return name;
}
