/**
 * dry-run: the whole pipeline and all checks in private scratch. Every row with a key enters a
 * provisional candidate, which is thrown away; what remains is the report.
 */

import { failedCells, type FailedCells } from '../findings/failedCells.ts';
import type { FindingStore } from '../findings/findingStore.ts';
import type { RegistryDuplicate } from '../mapping/registry.ts';
import type { BuiltModule } from '../migrate/buildModule.ts';
import { checkOutcome, type Lowered, type Outcome } from '../outcome/outcome.ts';
import { duplicateFinding } from '../registry/checkRegistries.ts';
import { loweredSeverities } from '../mapping/severity.ts';
import { CHECKS, scanCandidate, type Looked } from '../scan/scanCandidate.ts';
import {
  assertSomeRecords,
  buildModules,
  checkedSources,
  endReading,
  sampleNotes,
  withStaging,
  type Build,
  type BuildOptions,
} from './build.ts';
import type { Environment } from './environment.ts';
import { forTables } from './memory.ts';
import { objectFindings, remarksOf } from './objects.ts';
import { provenanceOf } from './provenance.ts';
import { scanProgress } from './scanProgress.ts';
import { sealSources } from './sources.ts';

/** Runs everything but the seal. */
export async function dryRun(
  options: BuildOptions,
  env: Environment,
  found: FindingStore,
): Promise<Outcome> {
  const duplicates: RegistryDuplicate[] = [];
  const notes: string[] = [];
  const looked: Looked = { records: 0, references: 0 };
  let lowered: readonly Lowered[] = [];
  const modules = await withStaging('dry-run', options, env, {
    load: { onDuplicate: (duplicate) => duplicates.push(duplicate) },
    check: (mapping) => {
      lowered = loweredSeverities(mapping);
      for (const duplicate of duplicates) found.add(duplicateFinding(mapping, duplicate));
    },
    build: async (build) => {
      for (const lost of objectFindings(build.mapping, build.sources)) found.add(lost);
      const built = await buildModules(build, found, () => {});
      // Where rows are rejected for lack of a key, findings say more.
      if (built.every(({ accounting }) => accounting.rejected === 0)) assertSomeRecords(built);
      const checked = await checkedSources(build, found);
      const counts = await sealSources(build.sources, build.mapping, checked);
      notes.push(...remarksOf(build.sources), ...counts.notes);
      await endReading(build);
      // The checks are this thread's: the others give back what they hold.
      await build.pool.close();
      const rows = new Map(built.map((module) => [module.accounting.module, module.rows.length]));
      const cells = await failedCells(found, build.staging.scratch, (name) => rows.get(name) ?? 0);
      try {
        await scanProvisional(build, built, cells, looked, found);
      } finally {
        cells.close();
      }
      return built;
    },
    publish: () => {},
  });
  return checkOutcome({
    command: 'dry-run',
    modules: modules.map(({ accounting }) => ({
      module: accounting.module,
      rows: accounting.rows,
      records: accounting.records,
      rejected: accounting.rejected,
      table: accounting.table,
      filtered: accounting.filtered,
      merged: accounting.merged,
      root: '',
    })),
    findings: found.list,
    checked: { checks: ['mapping of rows', ...PROVISIONAL], ...looked, lowered },
    notes: [...notes, ...sampleNotes(options)],
  });
}

/** Records that were never read back, nor sealed, have no lines to look at. */
const PROVISIONAL = CHECKS.filter((check) => check !== 'lines' && check !== 'mapped');

async function scanProvisional(
  { staging, mapping, options, env }: Build,
  built: readonly BuiltModule[],
  cells: FailedCells,
  looked: Looked,
  found: FindingStore,
): Promise<void> {
  const scan = scanCandidate({
    folder: staging.candidate,
    mapping,
    scratch: staging.scratch,
    memory: forTables(options.memory),
    provenance: provenanceOf(built, cells),
    checks: PROVISIONAL,
    looked,
    onProgress: scanProgress(env.progress),
  });
  for await (const finding of scan) found.add(finding);
}
