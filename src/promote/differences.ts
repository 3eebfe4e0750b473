/** Differences between a candidate and what its sources hold now, and the refusal that they mean. */

import { counted } from '../outcome/counted.ts';
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
  // The numbers of records say more than those of rows.
  const what = records.size > 0 ? recordsDiffer(records) : listed(others);
  if (what === '') return;
  throw new Failure('CANDIDATE', {
    what: `the source has changed since this candidate was built, ${what}`,
    where: `seal id ${sealIdOf(candidate)}`,
    hint: 'run sealift migrate and sealift scan-all, then promote again; sealift scan-drift tells more',
  });
}

/** Says how many records differ, such as `3 records differ, 2 in owners, 1 in visits`. */
function recordsDiffer(records: ReadonlyMap<string, number>): string {
  const sum = [...records.values()].reduce((total, count) => total + count, 0);
  const differ = `${counted(sum, 'record')} ${sum === 1 ? 'differs' : 'differ'}`;
  return `${differ}, ${listed([...records].map(([module, count]) => `${count} in ${module}`))}`;
}

function listed(all: readonly string[]): string {
  const left = all.length - SHOWN;
  return `${all.slice(0, SHOWN).join(', ')}${left > 0 ? `, and ${left} more` : ''}`;
}
