/**
 * What migrate and dry-run have in common: the lock, a private staging area, sources in one
 * snapshot, and the modules built from them one after the other. Whatever happens, staging is gone
 * at the end.
 */

import { join } from 'node:path';

import { onDisk } from '../disk/errors.ts';
import { acquireLock } from '../disk/lock.ts';
import type { Pool } from '../threads/pool.ts';
import type { FindingStore } from '../findings/findingStore.ts';
import { checkAgainstSource } from '../mapping/check/againstSource.ts';
import { compileModule, type CompiledModule } from '../mapping/compile/module.ts';
import { loadMapping, type LoadedMapping, type LoadOptions } from '../mapping/load.ts';
import { quoteName } from '../outcome/quoteName.ts';
import { readSecretKey } from '../mapping/secretKey.ts';
import {
  buildModule,
  KEY_SETS,
  planMemory,
  type BuiltModule,
  type ReadOrder,
} from './buildModule.ts';
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
import type { PreparedSource } from '../source/source.ts';
import type { Environment } from '../run/environment.ts';
import { CLOSE_SOURCES } from '../project/calls.ts';
import { integrityRun, type IntegrityRun } from '../project/integrity.ts';
import { forBuffers, mostForQueries } from '../run/budget.ts';
import { projectPaths } from '../project/paths.ts';
import { assertRoomForRun } from './spaceForRun.ts';
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
  /** Folder to which paths on the command line are relative. */
  readonly cwd: string;
  /** By the source's name, instead of the mapping's. */
  readonly sources: ReadonlyMap<string, SourceOverride>;
  /** Folder whose `mapping/` counts; the project where left out. */
  readonly mappingIn?: string;
  readonly workers: Workers;
  /** Bytes. */
  readonly memory: number;
  /** How the source is read; forward where left out. The result does not depend on it. */
  readonly readOrder?: ReadOrder;
  /** Records of each module, with what they refer to; all where left out. */
  readonly sample?: number;
  /** Sources are read without a look for damage beside it. */
  readonly skipIntegrityCheck?: boolean;
}

/** Everything that is open while modules are built. */
export interface Build {
  readonly command: 'migrate' | 'dry-run' | 'scan-drift';
  readonly options: BuildOptions;
  readonly env: Environment;
  readonly mapping: LoadedMapping;
  readonly sources: readonly NamedSource[];
  readonly staging: Staging;
  readonly pool: Pool;
  readonly integrity: IntegrityRun;
}

/** What a command does with the mapping and the built modules. */
export interface BuildSteps<T> {
  /** How the mapping is loaded, where not as strictly as can be. */
  readonly load?: LoadOptions;
  /** Looks at the mapping before anything is opened. */
  readonly check: (mapping: LoadedMapping) => void;
  /** While sources and workers are open. */
  readonly build: (build: Build) => Promise<T>;
  /** After they are closed; does not wait, so that an interrupted run has published nothing. */
  readonly publish: (staging: Staging, built: T) => void;
}

/** Runs the steps under the lock of the project's candidates. */
export async function withStaging<T>(
  command: Build['command'],
  options: BuildOptions,
  env: Environment,
  steps: BuildSteps<T>,
): Promise<T> {
  const paths = projectPaths(options.project);
  const mapping = await loadMapping(options.mappingIn ?? paths.root, steps.load);
  steps.check(mapping);
  // Bad SQL is refused before anything is read.
  planInvariants(mapping);
  const folders = { project: paths.root, cwd: options.cwd };
  const locations = sourceLocations(mapping, options.sources, folders, env);
  const secrets = readSecrets(mapping, env.variables);
  return onDisk(paths.candidates, async () => {
    openStore(paths.candidates);
    const lock = acquireLock(paths.candidates, {
      command,
      pid: env.pid,
      since: env.now().toISOString(),
    });
    const forget = env.onInterrupt(() => {
      dropStaging(paths.candidates);
      lock.release();
    });
    try {
      const staging = openStaging(paths.candidates);
      const sources = await prepareSources(locations, staging.scratch, env, mapping.modules);
      let built: T;
      try {
        checkAgainstSource(mapping, schemasOf(sources));
        const integrity = integrityRun(sources, { options, command }, env);
        const pool = env.startWorkers(workersFor(options.workers, estimatedBytes(sources)), {
          mapping,
          secrets,
        });
        try {
          await openInWorkers(sources, pool, integrity);
          integrity.start();
          const sample = options.sample ?? null;
          await assertRoomForRun({ folder: paths.candidates, mapping, sources, sample });
          const watched = watchQueries(sources, options.memory, env);
          const open = { command, options, env, mapping, sources, staging, pool, integrity };
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
      lock.release();
    }
  });
}

/** The SQL of queries and views is somebody else's, and SQLite would give it all the memory there is. */
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
      what: `reading by queries takes more than ${byteCount(most)} of memory, so the run was ended`,
      where: names.map(quoteName).join(', '),
      hint: 'let them make smaller cells, or give more with --memory',
    });
  });
}

/** Modules whose files may be on their way to the disk. */
const SYNCING = 16;

/**
 * Builds all modules, by name; each one uses all workers, and what is found goes to `found`. `onBuilt` is called after each one and may
 * throw.
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
  // A query over a tree without an end would not come back; rows that are read one by one do.
  if (sources.some(({ prepared }) => prepared.relations.size > 0)) await integrity.finish();
  const passes: PassContext = {
    mapping,
    pool,
    sourceOf,
    folder: join(staging.scratch, KEY_SETS),
    progress: env.progress,
    assertSound: integrity.assertSoFar,
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
      assertSound: integrity.assertSoFar,
      provisional: build.command === 'dry-run',
    });
    built.push(result);
    // The disk may be slower, but files are open until they are on it.
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

/** What the checks for damage have said; what was not checked goes to `found`. */
export async function checkedSources(
  { integrity }: Build,
  found: FindingStore,
): Promise<ReadonlyMap<string, Integrity>> {
  const checked = await integrity.finish();
  for (const finding of integrity.findings()) found.add(finding);
  return checked;
}

/** Ends reading: nothing of the sources is needed any more, and what was read is still there. */
export async function endReading({ sources, pool }: Build): Promise<void> {
  await pool.callEach(CLOSE_SOURCES, null);
  for (const { prepared } of sources) await prepared.assertUnchanged();
}

/** What a run of a sample says of itself. */
export function sampleNotes({ sample }: BuildOptions): string[] {
  if (sample === undefined) return [];
  const what = `a sample of ${counted(sample, 'record')} a module, and what they refer to`;
  return [`${what}: it proves nothing about the rest, and can never be promoted`];
}

/** A run that saw no row has proved nothing; one that has a record of none says why. */
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
        ? 'correct what the modules say under "where" and "onFilteredParent"'
        : 'correct the rows or the mapping as the findings say',
  });
}

/** A module that saw fewer rows than its mapping asks for has proved nothing either. */
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
  const secrets = new Map<string, Uint8Array>();
  for (const { blind, id } of mapping.modules) {
    const keyId = id.rule === 'keyless' ? id.key : undefined;
    for (const name of [blind, keyId]) {
      if (name !== undefined) secrets.set(name, readSecretKey(name, variables));
    }
  }
  return secrets;
}
