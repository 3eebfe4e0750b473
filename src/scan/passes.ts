/** Plans the passes over a module for a list of checks. */

import type { CompiledModule } from '../mapping/compile/module.ts';
import { CHECKS, type Check } from '../outcome/checks.ts';
import { planCopies } from './copies.ts';
import { planCycles } from './cycles.ts';
import { planDuplicates } from './duplicates.ts';
import type { Invariants } from './invariants/check.ts';
import { planLines } from './lines.ts';
import { planMapped } from './mapped.ts';
import { filePass } from './moduleFiles.ts';
import type { Threads } from './packedReferences.ts';
import type { CheckPlan, Pass } from './pass.ts';
import { planReferences } from './references.ts';
import type { Scope } from './scope.ts';
import { planPii } from './pii/planPii.ts';

/** Tools that the passes of a scan share. */
export interface PassTools {
  /** Threads that scan lines; null if this thread parses records and lines are not checked. */
  readonly threads: Threads | null;
  readonly invariants: Pick<Invariants, 'plan'>;
}

/**
 * Returns the passes over a module in the order in which they run. The chunks of its records are
 * read once for all checks that need only lines, and again if ids do not fit into memory at once.
 * Other checks read parsed records in separate passes, as the lookup tables of each may fill the
 * memory. Checks are planned in the order of CHECKS, whatever the order of `checks`. Reads no
 * record.
 * @throws TypeError if a reference names a module that the mapping does not have
 */
export function planPasses(
  scope: Scope,
  module: CompiledModule,
  checks: readonly Check[],
  tools: PassTools,
): Pass[] {
  const planners = plannersFor(tools);
  const plans = CHECKS.filter((check) => checks.includes(check)).map((check) =>
    planners[check](scope, module),
  );
  const own = plans.flatMap(({ passes = [] }) => passes);
  return [...chunkPasses(plans, tools), ...own, filePass(scope, module, tools.threads === null)];
}

type Planner = (scope: Scope, module: CompiledModule) => CheckPlan;

const NOTHING: Planner = () => ({});

/** Returns the planner of each check. */
function plannersFor({ threads, invariants }: PassTools): Readonly<Record<Check, Planner>> {
  const ofRecords = {
    duplicates: planDuplicates,
    references: (scope: Scope, module: CompiledModule) => planReferences(scope, module, threads),
    cycles: planCycles,
    copies: planCopies,
    invariants: (_scope: Scope, module: CompiledModule) => invariants.plan(module),
    pii: (scope: Scope, module: CompiledModule) => planPii(scope, module, threads !== null),
  };
  // This process wrote the lines of a provisional candidate, and reports findings of its rows.
  if (threads === null) {
    return { ...ofRecords, lines: NOTHING, mapped: NOTHING };
  }
  return {
    ...ofRecords,
    lines: (scope, module) => planLines(scope, module, threads.pool),
    mapped: planMapped,
  };
}

/** Joins the first visits of all checks in one pass, the second visits in the next, and so on. */
function chunkPasses(plans: readonly CheckPlan[], { threads }: PassTools): Pass[] {
  if (threads === null) return [];
  const passes = Math.max(0, ...plans.map(({ chunks = [] }) => chunks.length));
  return Array.from({ length: passes }, (_, at) => {
    const visits = plans.flatMap(({ chunks = [] }) => chunks[at] ?? []);
    return { reads: 'chunks', lineage: false, pool: threads.pool, visits };
  });
}
