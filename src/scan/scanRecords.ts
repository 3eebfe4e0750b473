/** Runs the checks over the records of a sealed candidate, with a scratch folder of their own. */

import { openScratch } from '../disk/scratch.ts';
import type { FindingStore } from '../findings/findingStore.ts';
import { loadMapping } from '../mapping/loadMapping.ts';
import { forTables } from '../run/budget.ts';
import type { Environment } from '../run/environment.ts';
import { scanProgress } from '../run/progress.ts';
import { scanCandidate, type ScanInput } from './scanCandidate.ts';
import { scanProven, type ProofInput } from './scanProven.ts';

export interface RecordOptions extends Pick<
  ScanInput,
  'pool' | 'counts' | 'sealId' | 'tally' | 'checks'
> {
  /** Names of modules to report on; null for all. */
  readonly modules: readonly string[] | null;
  /** Bytes that the command may take in total. */
  readonly memory: number;
  /** For the check of personal data; left out where that is not run. */
  readonly proof?: ProofInput;
}

/** Adds the findings to `found`. Uses the sealed mapping, not the project's. */
export async function scanRecords(
  folder: string,
  options: RecordOptions,
  env: Environment,
  found: FindingStore,
): Promise<void> {
  // The folder contains records, so an interrupted scan must not leave it.
  const since = env.now().toISOString();
  const scratch = openScratch(env.temporary, { command: 'scan', pid: env.pid, since });
  const forget = env.onInterrupt(scratch.drop);
  try {
    const input = {
      folder,
      mapping: await loadMapping(folder, { sealed: true }),
      ...(options.modules === null ? {} : { modules: options.modules }),
      ...(options.checks === undefined ? {} : { checks: options.checks }),
      ...(options.pool === undefined ? {} : { pool: options.pool }),
      ...(options.counts === undefined ? {} : { counts: options.counts }),
      ...(options.sealId === undefined ? {} : { sealId: options.sealId }),
      ...(options.tally === undefined ? {} : { tally: options.tally }),
      scratch: scratch.path,
      memory: forTables(options.memory),
      onProgress: scanProgress(env.progress),
    };
    const { proof } = options;
    const findings = proof === undefined ? scanCandidate(input) : scanProven(input, proof);
    for await (const finding of findings) found.add(finding);
  } finally {
    scratch.drop();
    forget();
  }
}
