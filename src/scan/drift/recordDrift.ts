/** Records that the sources do not make any more, counted by module. */

import type { Mapping } from '../../mapping/model.ts';
import type { Finding } from '../../outcome/finding.ts';
import { driftFinding } from './driftFinding.ts';

/** What is known of a difference between the sealed candidate (a) and what there is now (b). */
export type RecordChange =
  | { readonly kind: 'record'; readonly module: string; readonly a: unknown; readonly b: unknown }
  | { readonly kind: 'declared'; readonly module: string; readonly reason: string };

interface Tally {
  added: number;
  removed: number;
  changed: number;
}

/** Findings `drift`: of each module what is declared in another way, then how many records differ. */
export async function* checkRecordDrift(
  sealed: Mapping,
  changes: AsyncIterable<RecordChange>,
): AsyncGenerator<Finding> {
  const tallies = new Map<string, Tally>();
  for await (const change of changes) {
    if (change.kind === 'declared') {
      const reason =
        'this version of Sealift makes other records of it than the one that sealed it';
      yield driftFinding(sealed, reason, { module: change.module });
      continue;
    }
    const tally = tallies.get(change.module) ?? { added: 0, removed: 0, changed: 0 };
    tallies.set(change.module, tally);
    if (change.a === null) tally.added += 1;
    else if (change.b === null) tally.removed += 1;
    else tally.changed += 1;
  }
  for (const [module, tally] of tallies) {
    yield driftFinding(sealed, reasonOf(tally), { module });
  }
}

function reasonOf({ added, removed, changed }: Tally): string {
  return `the source makes other records now: ${added} new, ${removed} gone, ${changed} changed`;
}
