/** What a run has to prove its policies on personal data: its keys, and the sources that it reads. */

import { policyKeys } from '../mapping/policyKeys.ts';
import type { Build } from '../migrate/build.ts';
import { sourceRows } from '../scan/pii/sourceRows.ts';
import type { ProofInput } from '../scan/scanProven.ts';

/** Reads in the snapshot of the run, until its sources are closed. */
export function proofOf({ mapping, sources, pool, env }: Build): Omit<ProofInput, 'report'> {
  return {
    secrets: policyKeys(mapping.modules, env.variables),
    now: env.now(),
    seeds: env.random(16),
    rows: sourceRows(mapping, sources, pool),
    unchanged: true,
    searches: true,
  };
}
