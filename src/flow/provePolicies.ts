/**
 * Proves before anything is published that what policies on personal data keep out is in no cell. What
 * an option lets into a candidate all the same is sealed with it, so that every later scan reports it, even
 * where the sources have changed and no longer have the value.
 */

import { guardReport } from '../findings/guardReport.ts';
import type { FindingStore } from '../findings/findingStore.ts';
import type { Build } from '../migrate/build.ts';
import { counted } from '../outcome/counted.ts';
import { Failure } from '../outcome/failure.ts';
import type { Finding } from '../outcome/finding.ts';
import { forTables } from '../run/budget.ts';
import { scanProgress } from '../run/progress.ts';
import { scanProven, treatsAny } from '../scan/scanProven.ts';
import type { SealedRowFinding } from '../seal/format.ts';
import { proofOf } from './proofOf.ts';

/** BLOCKERs on personal data that is in the candidate all the same. */
export interface Leaks {
  readonly count: number;
  /** What is sealed of them: one for each module and rule. */
  readonly sealed: readonly SealedRowFinding[];
}

export interface ProveOptions {
  /** Bytes. */
  readonly memory: number;
  /** Whether the candidate is built in spite of BLOCKERs. */
  readonly allowBlockers?: boolean;
  /** Where a person finds the findings. */
  readonly where: string;
}

/** Adds what it finds to `found`. @throws Failure REJECTED for BLOCKERs that are not allowed */
export async function provePolicies(
  build: Build,
  options: ProveOptions,
  found: FindingStore,
): Promise<Leaks> {
  const hidden = guardReport(found);
  const faults = new Map<string, SealedRowFinding & { cases: number }>();
  let count = hidden;
  for await (const finding of proofFindings(build, options)) {
    found.add(finding);
    if (finding.severity !== 'BLOCKER') continue;
    count += 1;
    const { module = null, rule } = finding;
    const id = `${rule} ${module ?? ''}`;
    const fault = faults.get(id) ?? { module, rule, reason: '', cases: 0 };
    faults.set(id, { ...fault, cases: fault.cases + 1 });
  }
  if (count > 0 && options.allowBlockers !== true) {
    throw new Failure('REJECTED', {
      what: `${counted(count, 'BLOCKER')} on personal data, nothing was published`,
      where: options.where,
      hint: 'correct the source or the policy, or build a candidate to inspect, which can never go live, with --allow-blockers',
    });
  }
  const sealed = [...faults.values()].map(({ module, rule, cases }) => {
    return { module, rule, reason: `${counted(cases, 'BLOCKER')} when it was built` };
  });
  return { count, sealed };
}

async function* proofFindings(
  build: Build,
  { memory }: Pick<ProveOptions, 'memory'>,
): AsyncGenerator<Finding> {
  const { mapping, staging, env, pool } = build;
  if (!treatsAny(mapping)) return;
  const input = {
    folder: staging.candidate,
    mapping,
    checks: ['pii'] as const,
    scratch: staging.scratch,
    memory: forTables(memory),
    pool,
    onProgress: scanProgress(env.progress),
  };
  yield* scanProven(input, { ...proofOf(build), searches: false, report: () => {} });
}
