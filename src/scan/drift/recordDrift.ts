/** Counts, by module, the records that differ from those that the sources produce now. */

import type { Mapping } from '../../mapping/model.ts';
import type { Finding } from '../../outcome/finding.ts';
import { driftFinding } from './driftFinding.ts';

/** A difference between the sealed candidate (a) and one built from the sources now (b). */
export type RecordChange =
  | { readonly kind: 'record'; readonly module: string; readonly a: unknown; readonly b: unknown }
  | { readonly kind: 'declared'; readonly module: string; readonly reason: string };

interface Tally {
  added: number;
  removed: number;
  changed: number;
}

/** Yields findings `drift`: declarations that differ, then numbers of records by module. */
export async function* checkRecordDrift(
  sealed: Mapping,
  changes: AsyncIterable<RecordChange>,
): AsyncGenerator<Finding> {
  const tallies = new Map<string, Tally>();
  for await (const change of changes) {
    if (change.kind === 'declared') {
      const reason =
        'this version of Sealift produces different records than the one that sealed it';
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
  return `the source now produces different records: ${added} new, ${removed} gone, ${changed} changed`;
}
