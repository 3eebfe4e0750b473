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
  const sum = [...records.values()].reduce((total, count) => total + count, 0);
  const [first] = others;
  if (sum === 0 && first === undefined) return;
  const changed =
    sum === 0
      ? []
      : [
          `${counted(sum, 'record')} now ${sum === 1 ? 'differs' : 'differ'} (${byModule(records)})`,
        ];
  const more = others.length > 1 ? `, and ${others.length - 1} more` : '';
  const other = first === undefined ? [] : [`${first}${more}`];
  throw new Failure('CANDIDATE', {
    what: `the source has changed since this candidate was built: ${[...changed, ...other].join('; ')}`,
    where: `seal id ${sealIdOf(candidate)}`,
    hint: 'run sealift migrate and sealift scan-all, then promote again; sealift scan-drift tells more',
  });
}

/** Lists the numbers by module, such as `3 in customer, 1 in dog`. */
function byModule(records: ReadonlyMap<string, number>): string {
  const all = [...records].map(([module, count]) => `${count} in ${module}`);
  const left = all.length - SHOWN;
  const shown = all.slice(0, SHOWN);
  return left > 0
    ? `${shown.join(', ')}, and in ${counted(left, 'more module')}`
    : shown.join(', ');
}
