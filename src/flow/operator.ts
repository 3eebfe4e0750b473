/** Who works here, for the journal: only what they say themselves. */

import type { JournalEvent } from '../journal/entry.ts';
import type { Environment } from './environment.ts';
import { assertSoundText } from './soundText.ts';

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

/** The event with the operator, where there is one. */
export function signed(event: JournalEvent, who: string | null): JournalEvent {
  return who === null ? event : { ...event, who };
}
