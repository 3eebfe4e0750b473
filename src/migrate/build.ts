/**
 * The common part of migrate and dry-run: the lock, a private staging area, one snapshot of the
 * sources, and the modules built from them one after the other. Staging is always removed at the
 * end.
 */

import { join } from 'node:path';

import { onDisk } from '../disk/errors.ts';
import { acquireLock } from '../disk/lock.ts';
import type { Pool } from '../threads/pool.ts';
import type { FindingStore } from '../findings/findingStore.ts';
import { checkAgainstSource } from '../mapping/check/againstSource.ts';
import { compileModule, type CompiledModule } from '../mapping/compile/module.ts';
import { loadMapping, type LoadedMapping, type LoadOptions } from '../mapping/loadMapping.ts';
import { quoteName } from '../outcome/quoteName.ts';
import { readSecretKey } from '../mapping/secretKey.ts';
import { policyKeys } from '../mapping/policyKeys.ts';
import { buildModule, KEY_SETS, type BuiltModule, type ReadOrder } from './buildModule.ts';
import type { PassContext } from './select/keyPass.ts';
import { findLeftOut } from './select/leftOut.ts';
import { selectRows } from './select/selectRows.ts';
import { byteCount } from '../outcome/byteCount.ts';
import { counted } from '../outcome/counted.ts';
import { Failure } from '../outcome/failure.ts';
import { planInvariants } from '../mapping/invariantPlan.ts';
import {
  dropStaging,
  leaveStaging,
  openStaging,
  openStore,
  type Staging,
} from '../seal/candidateStore.ts';
import type { Integrity, ModuleAccounting } from '../seal/format.ts';
import type { PreparedSource, SourceLocation } from '../source/source.ts';
import type { Environment } from '../run/environment.ts';
import { assertNoLaterWrites } from '../project/assertNoLaterWrites.ts';
import { CLOSE_SOURCES } from '../project/calls.ts';
import { integrityRun, type IntegrityRun } from '../project/integrity.ts';
import { forBuffers, mostForQueries, planMemory } from '../run/budget.ts';
import { projectPaths } from '../project/paths.ts';
import { assertSpaceForRun } from './spaceForRun.ts';
import { shownRows } from '../project/shownRows.ts';
import {
  closeSources,
  openInWorkers,
  prepareSources,
  schemasOf,
  estimatedBytes,
  sourceLocations,
  type SourceOverride,
  type NamedSource,
} from '../project/sources.ts';
import { workersFor, type Workers } from '../run/workers.ts';

export interface BuildOptions {
  readonly project: string;
  /** Folder that paths on the command line are relative to. */
  readonly cwd: string;
  /** Locations by source name, instead of the mapping's. */
  readonly sources: ReadonlyMap<string, SourceOverride>;
  /** Folder that holds `mapping/`; by default the project. */
  readonly mappingIn?: string;
  readonly workers: Workers;
  /** Bytes. */
  readonly memory: number;
  /** How the source is read; by default forward. The result does not depend on it. */
  readonly readOrder?: ReadOrder;
  /** Number of records of each module, to which referenced records are added; by default all. */
  readonly sample?: number;
  /** Whether sources are read without checking them for damage. */
  readonly skipIntegrityCheck?: boolean;
}

/** The resources that are open while modules are built. */
export interface Build {
  readonly command: 'migrate' | 'dry-run' | 'scan-drift' | 'promote';
  readonly options: BuildOptions;
  readonly env: Environment;
  readonly mapping: LoadedMapping;
  readonly sources: readonly NamedSource[];
  /** By the source's name. */
  readonly locations: ReadonlyMap<string, SourceLocation>;
  readonly staging: Staging;
  readonly pool: Pool;
  readonly integrity: IntegrityRun;
}

/** The steps of a command, in this order. */
export interface BuildSteps<T> {
  /** Whether the caller holds the lock of the candidates already. */
  readonly locked?: true;
  /** How the mapping is loaded; by default strictly. */
  readonly load?: LoadOptions;
  /** Checks the mapping before anything is opened. */
  readonly check: (mapping: LoadedMapping) => void;
  /** Checks the sources before they are opened, with the lock held. */
  readonly before?: (locations: Build['locations'], mapping: LoadedMapping) => Promise<void>;
  /** Builds while sources and workers are open. */
  readonly build: (build: Build) => Promise<T>;
  /** Publishes after they are closed; synchronous, so that no interrupt comes in between. */
  readonly publish: (staging: Staging, built: T) => void;
}

/** Runs the steps under the lock of the project's candidates, which the caller may hold. */
export async function withStaging<T>(
  command: Build['command'],
  options: BuildOptions,
  env: Environment,
  steps: BuildSteps<T>,
): Promise<T> {
  const paths = projectPaths(options.project);
  const mapping = await loadMapping(options.mappingIn ?? paths.root, steps.load);
  steps.check(mapping);
  // Invalid SQL fails before anything is read.
  planInvariants(mapping);
  const folders = { project: paths.root, cwd: options.cwd };
  const locations = sourceLocations(mapping, options.sources, folders, env);
  const secrets = readSecrets(mapping, env.variables);
  return onDisk(paths.candidates, async () => {
    openStore(paths.candidates);
    const since = env.now().toISOString();
    const lock =
      steps.locked === true
        ? null
        : acquireLock(paths.candidates, { command, pid: env.pid, since });
    const forget = env.onInterrupt(() => {
      dropStaging(paths.candidates);
      lock?.release();
    });
    try {
      await steps.before?.(locations, mapping);
      const staging = openStaging(paths.candidates);
      const sources = await prepareSources(locations, staging.scratch, env, mapping.modules);
      let built: T;
      try {
        checkAgainstSource(mapping, schemasOf(sources));
        const integrity = integrityRun(sources, { options, command }, env);
        const bytes = estimatedBytes(sources);
        const pool = env.startWorkers(workersFor(options.workers, bytes, env), {
          mapping,
          secrets,
        });
        try {
          await openInWorkers(sources, pool, integrity);
          integrity.start();
          const sample = options.sample ?? null;
          await assertSpaceForRun({ folder: paths.candidates, mapping, sources, sample });
          const watched = watchQueries(sources, options.memory, env);
          const about = { command, options, env, mapping, sources, locations };
          const open = { ...about, staging, pool, integrity };
          built = await steps.build(open).finally(watched);
        } finally {
          integrity.close();
          await pool.close();
        }
      } finally {
        await closeSources(sources);
      }
      steps.publish(staging, built);
      return built;
    } finally {
      leaveStaging(paths.candidates);
      forget();
      lock?.release();
    }
  });
}

/** Limits the memory of queries and views: their SQL is untrusted, and SQLite sets no limit. */
function watchQueries(
  sources: readonly NamedSource[],
  memory: number,
  env: Environment,
): () => void {
  if (sources.every(({ prepared }) => prepared.relations.size === 0)) return () => {};
  const most = mostForQueries(memory);
  return env.watchMemory(most, () => {
    const names = sources.flatMap(({ prepared }) => [...prepared.relations.keys()]);
    return new Failure('MAPPING', {
      what: `queries take more than ${byteCount(most)} of memory, so the run was stopped`,
      where: names.map(quoteName).join(', '),
      hint: 'make the queries return smaller cells, or give more memory with --memory',
    });
  });
}

/** Maximum number of modules whose files are being synced. */
const SYNCING = 16;

/**
 * Builds all modules, ordered by name; each one uses all workers. Findings go to `found`. `onBuilt`
 * is called after each module and may throw.
 */
export async function buildModules(
  build: Build,
  found: FindingStore,
  onBuilt: (module: BuiltModule) => void,
): Promise<BuiltModule[]> {
  const { options, env, mapping, sources, staging, pool, integrity } = build;
  found.showRows(shownRows(mapping, sources, env));
  const memory = planMemory(forBuffers(options.memory, pool.size), pool.size);
  const built: BuiltModule[] = [];
  const sourceOf = ({ source: name }: CompiledModule): PreparedSource => {
    const source = sources.find((candidate) => candidate.name === name)?.prepared;
    if (source === undefined) throw new Error(`source ${name} is not prepared`);
    return source;
  };
  // A query over a damaged tree with a cycle never returns; reads of single rows do.
  if (sources.some(({ prepared }) => prepared.relations.size > 0)) await integrity.finish();
  const passes: PassContext = {
    mapping,
    pool,
    sourceOf,
    folder: join(staging.scratch, KEY_SETS),
    progress: env.progress,
    assertIntact: integrity.assertSoFar,
  };
  const selection = await selectRows(options.sample ?? null, passes);
  for (const { module: name } of mapping.modules) {
    const module = compileModule(mapping, name);
    const result = await buildModule(module, {
      pool,
      source: sourceOf(module),
      staging: staging.candidate,
      scratch: staging.scratch,
      memory,
      project: mapping.project,
      findings: found,
      progress: env.progress,
      readOrder: options.readOrder ?? 'forward',
      selection,
      assertIntact: integrity.assertSoFar,
      provisional: build.command === 'dry-run',
    });
    built.push(result);
    // Files stay open until they are synced, so a slow disk must not fall too far back.
    await built.at(-SYNCING)?.written.synced;
    if (options.sample === undefined) assertMinimum(result, module.minimumRows);
    onBuilt(result);
  }
  // A sample leaves out most rows anyway.
  if (options.sample !== undefined) return built;
  const leftOut = await findLeftOut(built, selection, passes);
  for (const finding of [...leftOut.values()].flat()) found.add(finding);
  const whole: BuiltModule[] = [];
  for (const module of built) {
    const more = leftOut.get(module.accounting.module) ?? [];
    whole.push({ ...module, onRows: [...module.onRows, ...more] });
  }
  return whole;
}

/** Waits for the checks for damage and returns their results; their findings go to `found`. */
export async function checkedSources(
  { integrity }: Build,
  found: FindingStore,
): Promise<ReadonlyMap<string, Integrity>> {
  const checked = await integrity.finish();
  for (const finding of integrity.findings()) found.add(finding);
  return checked;
}

/** Closes the sources in all workers. @throws Failure if a source changed meanwhile, or is frozen and did */
export async function endReading({ sources, pool, mapping, options }: Build): Promise<void> {
  await pool.callEach(CLOSE_SOURCES, null);
  for (const { prepared } of sources) await prepared.assertUnchanged();
  await assertNoLaterWrites(sources, mapping.modules, options.project);
}

/** Notes on a run of a sample. */
export function sampleNotes({ sample }: BuildOptions): string[] {
  if (sample === undefined) return [];
  const what = `a sample of ${counted(sample, 'record')} a module, and what they refer to`;
  return [`${what}: it proves nothing about the rest, and can never be promoted`];
}

/** Fails if no record was made, with the reason. @throws Failure EMPTY */
export function assertSomeRecords(built: readonly BuiltModule[]): void {
  const lines = built.map(({ accounting }) => accounting);
  const sum = (of: (line: ModuleAccounting) => number): number =>
    lines.reduce((total, line) => total + of(line), 0);
  if (lines.some(({ records }) => records > 0)) return;
  const [rows, rejected] = [sum((line) => line.rows), sum((line) => line.rejected)];
  if (rows === 0) {
    throw new Failure('EMPTY', {
      what: 'the run saw no rows, nothing was published',
      hint: 'check that the sources are the right ones',
    });
  }
  const filtered = `${counted(rows - rejected, 'row')} filtered`;
  const why = rejected === 0 ? filtered : `${counted(rejected, 'row')} rejected`;
  throw new Failure('EMPTY', {
    what: `no record is left of ${counted(rows, 'row')}, nothing was published`,
    where: rejected === 0 || rejected === rows ? why : `${why}, ${filtered}`,
    hint:
      rejected === 0
        ? 'correct "where" and "onFilteredParent" in the modules'
        : 'correct the rows or the mapping as the findings say',
  });
}

/** Fails if a module has fewer rows than its mapping requires. @throws Failure EMPTY */
function assertMinimum({ accounting }: BuiltModule, minimum: number): void {
  const { module, table, rows, filtered } = accounting;
  if (rows - filtered >= minimum) return;
  const left = filtered === 0 ? '' : `, ${filtered} of them filtered`;
  throw new Failure('EMPTY', {
    what: `module ${module} has ${rows} rows${left}, its minimum is ${minimum}; nothing was published`,
    where: `table ${quoteName(table)}`,
    hint: 'check the source, or lower minimumRows in the module',
  });
}

function readSecrets(
  mapping: LoadedMapping,
  variables: Environment['variables'],
): Map<string, Uint8Array> {
  const secrets = policyKeys(mapping.modules, variables);
  for (const { blind, id } of mapping.modules) {
    const keyId = id.rule === 'keyless' ? id.key : undefined;
    for (const name of [blind, keyId]) {
      if (name !== undefined) secrets.set(name, readSecretKey(name, variables));
    }
  }
  return secrets;
}
