/** The passes that a list of checks takes over a module: what runs is what is in the list. */

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
import { planPiiInChunks, planPiiInRecords } from './undeclaredPii.ts';

/** Tools that the passes of a scan share. */
export interface PassTools {
  /** Null where no threads scan lines: then records are parsed in this one, and lines are not checked. */
  readonly threads: Threads | null;
  readonly invariants: Pick<Invariants, 'plan'>;
}

/**
 * The passes over a module, in the order in which they run. The chunks of its records are read once for all
 * checks that need no more than lines, and again where ids do not fit into memory at once. The other checks
 * read parsed records in passes of their own, as each of them fills the memory with its look-up tables. The
 * order of `checks` does not matter: they are planned in the order of CHECKS. Reads no record.
 * @throws TypeError where a reference names a module that the mapping does not have
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

/** Plans of each check. */
function plannersFor({ threads, invariants }: PassTools): Readonly<Record<Check, Planner>> {
  const ofRecords = {
    duplicates: planDuplicates,
    references: (scope: Scope, module: CompiledModule) => planReferences(scope, module, threads),
    cycles: planCycles,
    copies: planCopies,
    invariants: (_scope: Scope, module: CompiledModule) => invariants.plan(module),
  };
  // The lines of a provisional candidate are its own work, and what was found of its rows is reported with them.
  if (threads === null) {
    return { ...ofRecords, lines: NOTHING, mapped: NOTHING, pii: planPiiInRecords };
  }
  return {
    ...ofRecords,
    lines: (scope, module) => planLines(scope, module, threads.pool),
    mapped: planMapped,
    pii: planPiiInChunks,
  };
}

/** Joins the first visits of all checks in one pass, the second ones in the next. */
function chunkPasses(plans: readonly CheckPlan[], { threads }: PassTools): Pass[] {
  if (threads === null) return [];
  const passes = Math.max(0, ...plans.map(({ chunks = [] }) => chunks.length));
  return Array.from({ length: passes }, (_, at) => {
    const visits = plans.flatMap(({ chunks = [] }) => chunks[at] ?? []);
    return { reads: 'chunks', lineage: false, pool: threads.pool, visits };
  });
}
