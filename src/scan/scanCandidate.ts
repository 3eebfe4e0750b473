/**
 * Runs the checks over the records of a candidate, sealed or provisional. The order of the findings
 * depends only on the candidate: by module, pass (passes.ts), check and record.
 */

import { join } from 'node:path';

import { makeTemporary, remove } from '../disk/noLinks.ts';
import { compileModule } from '../mapping/compile/module.ts';
import { planInvariants } from '../mapping/invariantPlan.ts';
import type { Mapping } from '../mapping/model.ts';
import { CHECKS, type Check } from '../outcome/checks.ts';
import type { Finding } from '../outcome/finding.ts';
import type { Pool } from '../threads/pool.ts';
import { openInvariants } from './invariants/check.ts';
import { factorsOf } from './keyTable.ts';
import { runPass } from './pass.ts';
import { planPasses } from './passes.ts';
import { NO_PROOF, type PiiProof } from './pii/piiProof.ts';
import { openFiles } from './scannedFiles.ts';
import { moduleOf, type Provenance, type ScanTally, type Scope } from './scope.ts';
import { openViolationStore } from './violationStore.ts';

export type { Provenance, ScanTally } from './scope.ts';

export interface ScanInput {
  /** Folder of the candidate. */
  readonly folder: string;
  readonly mapping: Mapping;
  /** Modules whose records are checked, against those of all modules; all if omitted. */
  readonly modules?: readonly string[];
  /** Default: all. */
  readonly checks?: readonly Check[];
  /** A private folder for temporary files, which are removed at the end. */
  readonly scratch: string;
  /** Bytes for lookup tables; if they do not suffice, files are read several times. */
  readonly memory: number;
  /**
   * Threads that scan the lines of a sealed candidate. Omitted for a provisional one, whose records
   * were validated before they were written.
   */
  readonly pool?: Pool;
  /** For a provisional candidate, which keeps duplicates of a key. */
  readonly provenance?: Provenance;
  /** Verified seal id of a sealed candidate. */
  readonly sealId?: string;
  /** Known numbers of records by module; others are counted. */
  readonly counts?: ReadonlyMap<string, number>;
  /** Time limit of one invariant; default 600. */
  readonly invariantSeconds?: number;
  /** Counts checked records and references. */
  readonly tally?: ScanTally;
  /** For the check of personal data; without it, forms are checked and nothing is proven. */
  readonly pii?: PiiProof;
  /** `label` names the module that is read; `module` is the one that is being checked. */
  readonly onProgress?: (label: string, done: number, total: number, module: string) => void;
}

const INVARIANT_SECONDS = 600;

/**
 * Yields the findings of a candidate's records, with severities, without ids.
 * @throws Failure MAPPING if an invariant is not a query that may run
 */
export async function* scanCandidate(input: ScanInput): AsyncGenerator<Finding> {
  const { mapping, checks = CHECKS } = input;
  const wanted = new Set(input.modules ?? mapping.modules.map(({ module }) => module));
  const planned = checks.includes('invariants')
    ? planInvariants(mapping).filter(({ module }) => wanted.has(module.name))
    : [];
  const scratch = makeTemporary(join(input.scratch, 'scan-'));
  let current = '';
  const onProgress = (label: string, done: number, total: number): void => {
    input.onProgress?.(label, done, total, current);
  };
  const scope: Scope = {
    mapping,
    modules: new Map(mapping.modules.map(({ module }) => [module, compileModule(mapping, module)])),
    files: openFiles(input.folder, input.counts, onProgress),
    provenance: input.provenance,
    memory: input.memory,
    store: openViolationStore(scratch),
    tally: input.tally ?? { records: 0, references: 0 },
    pii: input.pii ?? NO_PROOF,
  };
  const seconds = input.invariantSeconds ?? INVARIANT_SECONDS;
  const invariants = openInvariants(scope, { planned, scratch, seconds, onProgress });
  const threads =
    input.pool === undefined ? null : { pool: input.pool, factors: factorsOf(input.sealId ?? '') };
  try {
    for (const name of [...wanted].sort()) {
      const module = moduleOf(scope, name);
      current = name;
      scope.tally.records += scope.files.countOf(name);
      for (const pass of planPasses(scope, module, checks, { threads, invariants })) {
        yield* runPass(scope, module, pass);
      }
    }
  } finally {
    await invariants.close();
    scope.store.close();
    remove(scratch);
  }
}
