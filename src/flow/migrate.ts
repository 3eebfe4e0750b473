/** migrate: mapping + sources → a sealed candidate, published whole or not at all. */

import { join } from 'node:path';

import type { FindingStore } from '../findings/findingStore.ts';
import type { LoadedMapping } from '../mapping/load.ts';
import { didYouMean, quoteName } from '../mapping/nearest.ts';
import type { BuiltModule } from '../migrate/buildModule.ts';
import { counted } from '../outcome/counted.ts';
import { Failure } from '../outcome/failure.ts';
import { countFindings, type Outcome } from '../outcome/outcome.ts';
import { publishCandidate } from '../seal/candidateStore.ts';
import { canonicalJson } from '../record/canonical.ts';
import { byUtf8, FORMAT, type RunFile } from '../seal/format.ts';
import { writeSeal, type Seal } from '../seal/writeSeal.ts';
import {
  assertSomeRows,
  buildModules,
  checkedSources,
  endReading,
  sampleNotes,
  withStaging,
  type Build,
  type BuildOptions,
} from './build.ts';
import type { Environment } from './environment.ts';
import { assertAsFrozen, freezeInForce } from './freeze.ts';
import { assertObjects, objectFindings, remarksOf } from './objects.ts';
import { projectPaths } from './project.ts';
import { assertSoundText } from './soundText.ts';
import { sealSources } from './sources.ts';

export interface MigrateOptions extends BuildOptions {
  readonly runId: string;
  /** Name of the module after which to fail, for drills. */
  readonly failAfter: string | null;
  /** Rejected rows that do not fail the run. */
  readonly allowRejected: number;
}

interface Built {
  readonly modules: readonly BuiltModule[];
  readonly seal: Seal;
  /** On the sources. */
  readonly notes: readonly string[];
}

/** Builds and publishes a candidate. `found` collects findings, also of a run that fails. */
export async function migrate(
  options: MigrateOptions,
  env: Environment,
  found: FindingStore,
): Promise<Outcome> {
  assertRunId(options.runId);
  const { candidates } = projectPaths(options.project);
  const frozen = await freezeInForce(options.project);
  const { modules, seal, notes } = await withStaging('migrate', options, env, {
    check: (mapping) => {
      assertAsFrozen(frozen, mapping);
      assertModule(mapping, options.failAfter);
    },
    build: (build) => buildCandidate(build, options, found),
    publish: (staging, built) => {
      publishCandidate(candidates, staging, built.seal.sealId);
    },
  });
  return outcome(options, { modules, seal, notes }, found);
}

async function buildCandidate(
  build: Build,
  options: MigrateOptions,
  found: FindingStore,
): Promise<Built> {
  const { env, mapping, sources, staging } = build;
  const lost = objectFindings(mapping, sources);
  for (const finding of lost) found.add(finding);
  assertObjects(lost);
  const modules = await buildModules(build, found, ({ accounting }) => {
    if (accounting.module === options.failAfter) throw injected(accounting.module);
  });
  assertAccepted(modules, options.allowRejected);
  assertSomeRows(modules);
  const checked = await checkedSources(build, found);
  const { sealed, notes } = await sealSources(sources, mapping, checked);
  await endReading(build);
  const seal = await writeSeal(
    staging.candidate,
    mapping,
    modules.map((module) => module.written),
    {
      format: FORMAT,
      tool: env.tool,
      ...env.versions,
      runId: options.runId,
      asOf: mapping.project.asOf ?? null,
      ...(options.sample === undefined ? {} : { sample: options.sample }),
      sources: sealed,
      accounting: modules.map((module) => module.accounting),
      ...sealedRowFindings(modules),
    },
  );
  return { modules, seal, notes: [...remarksOf(sources), ...notes] };
}

/** As scans tell it again; how much it weighs is computed there. */
function sealedRowFindings(built: readonly BuiltModule[]): Pick<RunFile, 'findings'> {
  const findings = built
    .flatMap(({ onRows }) => onRows)
    .map(({ module = null, rule, reason }) => ({ module, rule, reason }))
    .sort((a, b) => byUtf8(canonicalJson(a), canonicalJson(b)));
  return findings.length === 0 ? {} : { findings };
}

const MAX_RUN_ID = 128;

/** The run id is sealed and shown: a name, not a text. */
function assertRunId(runId: string): void {
  const hint = 'choose another one, or unset it';
  assertSoundText(runId, MAX_RUN_ID, { what: 'a run id', where: 'MIGRATE_RUN_ID', hint });
}

function injected(module: string): Failure {
  return new Failure('INJECTED', {
    what: `stopped after module ${module}, as MIGRATE_FAIL_AFTER_MODULE asks; nothing was published`,
    hint: 'unset MIGRATE_FAIL_AFTER_MODULE and run again',
  });
}

function assertModule(mapping: LoadedMapping, name: string | null): void {
  const names = mapping.modules.map((module) => module.module);
  if (name === null || names.includes(name)) return;
  throw new Failure('USAGE', {
    what: `the mapping has no module ${quoteName(name)}`,
    where: 'MIGRATE_FAIL_AFTER_MODULE',
    hint: didYouMean(name, names, `it has ${names.slice(0, 8).join(', ')}`),
  });
}

function assertAccepted(built: readonly BuiltModule[], allowed: number): void {
  const open = built.find(({ unaccounted }) => unaccounted);
  if (open !== undefined) {
    throw new Failure('REJECTED', {
      what: `rows of module ${open.accounting.module} cannot be accounted for, nothing was published`,
      where: 'storage_reports/latest-migrate/findings.ndjson',
      hint: 'mend its query or its base as the findings say; --allow-rejected does not cover them',
    });
  }
  const rejected = built.reduce((sum, { accounting }) => sum + accounting.rejected, 0);
  if (rejected <= allowed) return;
  throw new Failure('REJECTED', {
    what: `${counted(rejected, 'row')} rejected, nothing was published`,
    where: 'storage_reports/latest-migrate/findings.ndjson',
    hint: `mend the source or the mapping, or accept them with --allow-rejected ${rejected}`,
  });
}

function outcome(
  options: MigrateOptions,
  { modules: built, seal, notes }: Built,
  found: FindingStore,
): Outcome {
  return {
    command: 'migrate',
    status: 'DONE',
    runId: options.runId,
    ...seal,
    modules: built.map(({ written, accounting }) => ({
      module: accounting.module,
      rows: accounting.rows,
      records: accounting.records,
      rejected: accounting.rejected,
      table: accounting.table,
      filtered: accounting.filtered,
      merged: accounting.merged,
      root: written.sealed.root,
    })),
    findings: found.list,
    counts: countFindings(found.list),
    candidate: join(projectPaths(options.project).candidates, 'v1'),
    notes: [...notesOf(built), ...notes, ...sampleNotes(options)],
  };
}

function notesOf(built: readonly BuiltModule[]): string[] {
  const rejected = built.reduce((sum, { accounting }) => sum + accounting.rejected, 0);
  const notes = ['keep the seal id outside of the candidate, to verify against'];
  if (rejected > 0) {
    notes.unshift(
      `${counted(rejected, 'row')} rejected and not in the candidate, as --allow-rejected permits`,
    );
  }
  return notes;
}
