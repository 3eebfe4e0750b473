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

/** Differences by module, in the order in which they came. */
export interface RecordTallies {
  /** Modules whose declarations differ. */
  readonly declared: readonly string[];
  readonly records: ReadonlyMap<string, Readonly<Tally>>;
}

/** Yields findings `drift`: declarations that differ, then numbers of records by module. */
export async function* checkRecordDrift(
  sealed: Mapping,
  changes: AsyncIterable<RecordChange>,
): AsyncGenerator<Finding> {
  const { declared, records } = await tallyChanges(changes);
  for (const module of declared) yield driftFinding(sealed, DECLARED, { module });
  for (const [module, tally] of records) yield driftFinding(sealed, reasonOf(tally), { module });
}

const DECLARED = 'this version of Sealift produces different records than the one that sealed it';

/** Counts the differences. */
export async function tallyChanges(changes: AsyncIterable<RecordChange>): Promise<RecordTallies> {
  const declared: string[] = [];
  const records = new Map<string, Tally>();
  for await (const change of changes) {
    if (change.kind === 'declared') {
      declared.push(change.module);
      continue;
    }
    const tally = records.get(change.module) ?? { added: 0, removed: 0, changed: 0 };
    records.set(change.module, tally);
    if (change.a === null) tally.added += 1;
    else if (change.b === null) tally.removed += 1;
    else tally.changed += 1;
  }
  return { declared, records };
}

function reasonOf({ added, removed, changed }: Tally): string {
  return `the source now produces different records: ${added} new, ${removed} gone, ${changed} changed`;
}
