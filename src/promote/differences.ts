/** Differences between a candidate and what its sources hold now, and the refusal that they mean. */

import { Failure } from '../outcome/failure.ts';
import { sealIdOf } from '../seal/sealedFolders.ts';

export interface Differences {
  /** Numbers of records that are new, gone or changed, by module. */
  readonly records: ReadonlyMap<string, number>;
  /** Other differences, such as a table that is new, as clauses. */
  readonly others: readonly string[];
}

const SHOWN = 5;

/** Fails if there are differences. @throws Failure CANDIDATE */
export function assertEqual(candidate: string, { records, others }: Differences): void {
  const counts = [...records].map(([module, count]) => `${count} in ${module}`);
  const [first] = others;
  if (counts.length === 0 && first === undefined) return;
  // The numbers of records say more than those of rows.
  const what = counts.length > 0 ? `records differ now, ${listed(counts)}` : listed(others);
  throw new Failure('CANDIDATE', {
    what: `the source has changed since this candidate was built: ${what}`,
    where: `seal id ${sealIdOf(candidate)}`,
    hint: 'run sealift migrate and sealift scan-all, then promote again; sealift scan-drift tells more',
  });
}

function listed(all: readonly string[]): string {
  const left = all.length - SHOWN;
  return `${all.slice(0, SHOWN).join(', ')}${left > 0 ? `, and ${left} more` : ''}`;
}
