/**
 * dry-run: runs the whole pipeline and all checks in a private scratch folder. Every row with a key
 * enters a provisional candidate, which is deleted; only the report remains.
 */

import { CHECKS } from '../outcome/checks.ts';
import { failedCells, type FailedCells, type FailedRow } from '../findings/failedCells.ts';
import { guardReport, hideRows } from '../findings/guardReport.ts';
import type { FindingStore } from '../findings/findingStore.ts';
import type { RegistryDuplicate } from '../mapping/registryFile.ts';
import type { BuiltModule } from '../migrate/buildModule.ts';
import { moduleLines } from '../outcome/moduleLine.ts';
import { checkOutcome, type Lowered, type Outcome } from '../outcome/outcome.ts';
import { duplicateFinding } from '../registry/checkRegistries.ts';
import { personalNumbers } from '../mapping/piiPolicy.ts';
import { loweredSeverities } from '../mapping/severity.ts';
import type { ModulePrivacy } from '../outcome/privacy.ts';
import type { Provenance, ScanTally } from '../scan/scanCandidate.ts';
import { scanProven, treatsAny, type ProofInput } from '../scan/scanProven.ts';
import { proofOf } from './proofOf.ts';
import {
  assertSomeRecords,
  buildModules,
  checkedSources,
  endReading,
  sampleNotes,
  withStaging,
  type Build,
  type BuildOptions,
} from '../migrate/build.ts';
import type { Environment } from '../run/environment.ts';
import { forTables } from '../run/budget.ts';
import { objectFindings, sourceNotes } from '../project/sourceObjects.ts';
import { freezeNotes } from '../project/freezeInForce.ts';
import { scanProgress } from '../run/progress.ts';
import { sealSources } from '../project/sources.ts';

/** Runs everything except the seal. */
export async function dryRun(
  options: BuildOptions,
  env: Environment,
  found: FindingStore,
): Promise<Outcome> {
  const duplicates: RegistryDuplicate[] = [];
  const notes: string[] = [];
  const tally: ScanTally = { records: 0, references: 0 };
  const privacy: ModulePrivacy[] = [];
  let lowered: readonly Lowered[] = [];
  const modules = await withStaging('dry-run', options, env, {
    load: { onDuplicate: (duplicate) => duplicates.push(duplicate) },
    check: (mapping) => {
      lowered = loweredSeverities(mapping);
      hideRows(found, personalNumbers(mapping.modules));
      for (const duplicate of duplicates) found.add(duplicateFinding(mapping, duplicate));
    },
    build: async (build) => {
      for (const lost of objectFindings(build.mapping, build.sources)) found.add(lost);
      const built = await buildModules(build, found, () => {});
      // If rows are rejected for lack of a key, their findings say more.
      if (built.every(({ accounting }) => accounting.rejected === 0)) assertSomeRecords(built);
      const checked = await checkedSources(build, found);
      const counts = await sealSources(build.sources, build.mapping, checked);
      notes.push(...sourceNotes(build.sources), ...counts.notes);
      notes.push(...(await freezeNotes(options.project, build.mapping)));
      const proves = treatsAny(build.mapping);
      if (!proves) {
        await endReading(build);
        // The checks run in this thread; the others free their memory.
        await build.pool.close();
      }
      const rows = new Map(
        built.map((module) => [module.accounting.module, module.locators.length]),
      );
      const cells = await failedCells(found, build.staging.scratch, (name) => rows.get(name) ?? 0);
      try {
        const proof = { ...proofOf(build), report: (seen: ModulePrivacy) => privacy.push(seen) };
        await scanProvisional({ build, built, cells, tally, proof }, found);
      } finally {
        cells.close();
      }
      if (proves) await endReading(build);
      return built;
    },
    publish: () => {},
  });
  guardReport(found);
  return checkOutcome({
    command: 'dry-run',
    modules: moduleLines(
      modules.map(({ accounting }) => accounting),
      () => '',
    ),
    findings: found.list,
    checked: { checks: ['mapping of rows', ...PROVISIONAL], ...tally, lowered, privacy },
    notes: [...notes, ...sampleNotes(options)],
  });
}

/** Records that were neither sealed nor read back have no lines to check. */
const PROVISIONAL = CHECKS.filter((check) => check !== 'lines' && check !== 'mapped');

interface Provisional {
  readonly build: Build;
  readonly built: readonly BuiltModule[];
  readonly cells: FailedCells;
  readonly tally: ScanTally;
  readonly proof: ProofInput;
}

async function scanProvisional(
  { build: { staging, mapping, options, env }, built, cells, tally, proof }: Provisional,
  found: FindingStore,
): Promise<void> {
  const input = {
    folder: staging.candidate,
    mapping,
    scratch: staging.scratch,
    memory: forTables(options.memory),
    provenance: provenanceOf(built, cells),
    checks: PROVISIONAL,
    tally,
    onProgress: scanProgress(env.progress),
  };
  for await (const finding of scanProven(input, proof)) found.add(finding);
}

const NONE: ReadonlySet<string> = new Set();

/**
 * Tells the rows from which the records of a provisional candidate come, and which of their cells
 * failed in the build (`cells`). Memory: 8 bytes per record.
 */
function provenanceOf(built: readonly BuiltModule[], cells: FailedCells): Provenance {
  const modules = new Map(built.map((module) => [module.accounting.module, module]));
  const originOf = (module: string, ordinal: number): { table: string; row: bigint } => {
    const found = modules.get(module);
    const row = found?.locators[ordinal];
    if (found === undefined || row === undefined) throw new RangeError('no such record');
    return { table: found.locatedIn, row };
  };
  // Caches the last lookup, since a check makes several about one record.
  let last: { module: string; ordinal: number; failed: FailedRow | null } | null = null;
  const failedOf = (module: string, ordinal: number): FailedRow | null => {
    if (last?.module !== module || last.ordinal !== ordinal) {
      const { table, row } = originOf(module, ordinal);
      last = { module, ordinal, failed: cells.of(module, table, row) };
    }
    return last.failed;
  };
  return {
    rowOf(module, ordinal) {
      const { table, row } = originOf(module, ordinal);
      const plain = Number(row);
      return { table, row: Number.isSafeInteger(plain) ? plain : String(row) };
    },
    sharesRows: (module) => modules.get(module)?.sharesRows === true,
    failedFields: (module, ordinal) => failedOf(module, ordinal)?.fields ?? NONE,
    findingOf: (module, ordinal, field) => failedOf(module, ordinal)?.findingOf(field),
  };
}
