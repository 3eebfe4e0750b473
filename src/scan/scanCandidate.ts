/**
 * All checks over the records of a candidate, sealed or provisional: what one record alone cannot
 * show. Findings come in an order that depends on the candidate alone: by module, check and record.
 */

import { join } from 'node:path';

import { makeTemporary, remove } from '../disk/noLinks.ts';
import type { Pool } from '../threads/pool.ts';
import { compileModule, type CompiledModule } from '../mapping/compile/module.ts';
import type { Mapping } from '../mapping/model.ts';
import { severityOf } from '../mapping/severity.ts';
import { CHECKS, type Check } from '../outcome/checks.ts';
import type { Finding } from '../outcome/finding.ts';
import type { Rule } from '../outcome/rules.ts';
import { recordFile } from '../seal/candidateReader.ts';
import { plainSize } from '../seal/files.ts';
import { DATA_FILE, LINEAGE_FILE } from '../seal/format.ts';
import { checkCopies } from './copies.ts';
import { checkCycles } from './cycles.ts';
import { checkDuplicates } from './duplicates.ts';
import { openHits } from './hits.ts';
import { planInvariants, type PlannedInvariant } from '../mapping/invariantPlan.ts';
import { checkInvariants, openInvariants, type OpenInvariants } from './invariants/check.ts';
import { checkMapped } from './mapped.ts';
import { checkUndeclared } from './undeclaredPii.ts';
import { factorsOf } from './keyTable.ts';
import { checkLines, checkPii } from './lines.ts';
import { packedReferences, type PackedReference } from './packedReferences.ts';
import { checkReferences, referencesOf } from './references.ts';
import { countOf, moduleOf, recordsOf, type Looked, type Provenance, type Scope } from './scope.ts';

export type { Looked, Provenance } from './scope.ts';

export interface ScanInput {
  /** The candidate's. */
  readonly folder: string;
  readonly mapping: Mapping;
  /** Modules whose records are checked, against those of all; all where left out. */
  readonly modules?: readonly string[];
  /** All where left out. */
  readonly checks?: readonly Check[];
  /** A private folder for temporary files, which are removed at the end. */
  readonly scratch: string;
  /** Bytes for look-up tables; what does not fit is read several times. */
  readonly memory: number;
  /**
   * Threads that look at the lines of a sealed candidate. Left out of a provisional one: there, what is
   * not as its schema has it was found before it was written.
   */
  readonly pool?: Pool;
  /** For a provisional candidate, which keeps duplicates of a key. */
  readonly provenance?: Provenance;
  /** Of a sealed candidate, verified. */
  readonly sealId?: string;
  /** Records by module, where they are known; others are counted. */
  readonly counts?: ReadonlyMap<string, number>;
  /** The time that one invariant may take; 600 where left out. */
  readonly invariantSeconds?: number;
  /** Counts what is looked at. */
  readonly looked?: Looked;
  /** `check` names its module, too, which need not be `module`, the one that is being checked. */
  readonly onProgress?: (check: string, done: number, total: number, module: string) => void;
}

const INVARIANT_SECONDS = 600;

/**
 * The findings of a candidate's records, with their severities, without ids.
 * @throws Failure MAPPING where an invariant is not a query that may run
 */
export async function* scanCandidate(input: ScanInput): AsyncGenerator<Finding> {
  const { mapping, provenance, checks = CHECKS } = input;
  const wanted = new Set(input.modules ?? mapping.modules.map(({ module }) => module));
  const planned = checks.includes('invariants')
    ? planInvariants(mapping).filter(({ module }) => wanted.has(module.name))
    : [];
  const scratch = makeTemporary(join(input.scratch, 'scan-'));
  const hits = openHits(scratch);
  let current = '';
  const scope: Scope = {
    folder: input.folder,
    mapping,
    modules: new Map(mapping.modules.map(({ module }) => [module, compileModule(mapping, module)])),
    scratch,
    memory: input.memory,
    provenance,
    hits,
    badLines: new Map(),
    counts: new Map(input.counts),
    factors: factorsOf(input.sealId ?? ''),
    onProgress: (check, done, total) => input.onProgress?.(check, done, total, current),
    looked: input.looked ?? { records: 0, references: 0 },
  };
  const invariants = invariantsOf(scope, planned, input.invariantSeconds ?? INVARIANT_SECONDS);
  const tools = { checks, invariants, pool: input.pool };
  try {
    for (const name of [...wanted].sort()) {
      const module = moduleOf(scope, name);
      current = name;
      scope.looked.records += countOf(scope, name);
      for (const check of CHECKS) {
        if (checks.includes(check)) yield* run(scope, module, check, tools);
      }
      yield* checkFiles(scope, module, input.pool === undefined);
    }
  } finally {
    await invariants.close();
    hits.close();
    remove(scratch);
  }
}

interface Tools {
  readonly checks: readonly Check[];
  readonly invariants: LazyInvariants;
  readonly pool: Pool | undefined;
}

async function* run(
  scope: Scope,
  module: CompiledModule,
  check: Check,
  tools: Tools,
): AsyncGenerator<Finding> {
  switch (check) {
    case 'lines':
      if (tools.pool === undefined) return;
      yield* checkLines(scope, module, tools.pool, {
        references: packedOf(scope, module, tools),
        pii: tools.checks.includes('pii'),
      });
      return;
    case 'mapped':
      // In a dry-run, what was found on the way is there already, with its rows.
      if (tools.pool !== undefined) yield* checkMapped(scope, module);
      return;
    case 'duplicates':
      yield* checkDuplicates(scope, module);
      return;
    case 'references': {
      const done = packedOf(scope, module, tools).map(({ part }) => part);
      yield* checkReferences(scope, module, new Set(done));
      return;
    }
    case 'cycles':
      yield* checkCycles(scope, module);
      return;
    case 'copies':
      yield* checkCopies(scope, module);
      return;
    case 'invariants':
      yield* tools.invariants.check(module);
      return;
    default:
      if (tools.pool === undefined) yield* checkUndeclared(scope, module);
      // Else it was found while lines were looked at, where they were.
      else if (!tools.checks.includes('lines')) yield* checkPii(scope, module, tools.pool);
  }
}

interface LazyInvariants {
  readonly check: (module: CompiledModule) => AsyncGenerator<Finding>;
  readonly close: () => Promise<void>;
}

/** Loads the records when the first module with an invariant is checked. */
function invariantsOf(
  scope: Scope,
  planned: readonly PlannedInvariant[],
  seconds: number,
): LazyInvariants {
  let open: Promise<OpenInvariants> | null = null;
  return {
    async *check(module) {
      if (planned.every((one) => one.module.name !== module.name)) return;
      open ??= openInvariants(scope, planned, seconds);
      yield* checkInvariants(scope, await open, module);
    },
    async close() {
      (await open?.catch(() => null))?.runner.close();
    },
  };
}

/** References that are looked up while lines are looked at, where they are. */
function packedOf(
  scope: Scope,
  module: CompiledModule,
  { checks, pool }: Tools,
): PackedReference[] {
  const both = checks.includes('lines') && checks.includes('references');
  return both && pool !== undefined ? packedReferences(scope, referencesOf(scope, module)) : [];
}

/**
 * Findings on the module's files: those that are not there, and lines that are no records. With `readAll`
 * what no check has read is read now.
 */
async function* checkFiles(
  scope: Scope,
  module: CompiledModule,
  readAll: boolean,
): AsyncGenerator<Finding> {
  for (const lineage of module.hasLineage ? [false, true] : [false]) {
    const path = recordFile(scope.folder, module.name, lineage);
    const file = `${module.name}/${lineage ? LINEAGE_FILE : DATA_FILE}`;
    const fault = (rule: Rule, reason: string): Finding => {
      const severity = severityOf(scope.mapping.project, rule, module.name);
      return { rule, severity, module: module.name, file, reason };
    };
    if (plainSize(path) === Number.POSITIVE_INFINITY) {
      yield fault('file-missing', 'the file is not there, or is no plain file');
      continue;
    }
    if (readAll && !scope.badLines.has(path)) {
      await drain(recordsOf(scope, module.name, lineage ? 'lineage' : 'records', lineage));
    }
    const bad = scope.badLines.get(path);
    if (bad !== undefined && bad.lines > 0) {
      const first = `the first is line ${bad.first + 1}`;
      yield fault('seal-format', `lines that are no record: ${bad.lines}, ${first}`);
    }
  }
}

async function drain(batches: AsyncIterable<unknown>): Promise<void> {
  for await (const batch of batches) void batch;
}
