/** migrate: mapping + sources → a sealed candidate, published whole or not at all. */

import { join } from 'node:path';

import { counted } from '../outcome/counted.ts';
import { acquireLock } from '../disk/lock.ts';
import { onDisk } from '../disk/errors.ts';
import type { Pool } from '../disk/pool.ts';
import { checkAgainstSource } from '../mapping/checkAgainstSource.ts';
import { compileModule } from '../mapping/compile.ts';
import { loadMapping, type LoadedMapping } from '../mapping/load.ts';
import { didYouMean, quoteName } from '../mapping/nearest.ts';
import { readSecretKey } from '../mapping/secretKey.ts';
import { buildModule, planMemory, type BuiltModule } from '../migrate/buildModule.ts';
import { Failure } from '../outcome/failure.ts';
import type { Finding } from '../outcome/finding.ts';
import { countFindings, type Outcome } from '../outcome/outcome.ts';
import { printable } from '../outcome/printable.ts';
import {
  dropStaging,
  openStaging,
  openStore,
  publishCandidate,
  type Staging,
} from '../seal/candidateStore.ts';
import { FORMAT } from '../seal/format.ts';
import { writeSeal, type Seal } from '../seal/writeSeal.ts';
import type { Environment } from './environment.ts';
import { projectPaths } from './project.ts';
import {
  closeSources,
  openInWorkers,
  prepareSources,
  schemasOf,
  sealSources,
  sourceUrls,
  type NamedSource,
} from './sources.ts';

export interface MigrateOptions {
  readonly project: string;
  /** Folder to which paths on the command line are relative. */
  readonly here: string;
  /** Source name → URL, instead of the mapping's. */
  readonly sources: ReadonlyMap<string, string>;
  readonly runId: string;
  /** Name of the module after which to fail, for drills. */
  readonly failAfter: string | null;
  /** Rejected rows that do not fail the run. */
  readonly allowRejected: number;
  readonly workers: number;
  /** Bytes. */
  readonly memory: number;
}

/** A failure that has findings to report. */
export interface Findings {
  readonly findings: Finding[];
}

/** Builds and publishes a candidate. `report` collects findings, also of a run that fails. */
export async function migrate(
  options: MigrateOptions,
  env: Environment,
  report: Findings,
): Promise<Outcome> {
  const paths = projectPaths(options.project);
  assertRunId(options.runId);
  const mapping = await loadMapping(paths.root);
  assertModule(mapping, options.failAfter);
  const folders = { project: paths.root, here: options.here };
  const urls = sourceUrls(mapping, options.sources, folders, env.adapters);
  const secrets = readSecrets(mapping, env.variables);
  return onDisk(paths.candidates, async () => {
    openStore(paths.candidates);
    const lock = acquireLock(paths.candidates, {
      command: 'migrate',
      pid: env.pid,
      since: env.now().toISOString(),
    });
    const forget = env.onInterrupt(() => {
      dropStaging(paths.candidates);
      lock.release();
    });
    try {
      const staging = openStaging(paths.candidates);
      const sources = await prepareSources(urls, staging.scratch, env.adapters);
      let result: Built;
      try {
        checkAgainstSource(mapping, schemasOf(sources));
        const run = { options, env, mapping, secrets, sources, staging, report };
        result = await buildCandidate(run);
      } finally {
        await closeSources(sources);
      }
      // From here to the end nothing waits: an interrupted run has published nothing.
      publishCandidate(paths.candidates, staging, result.seal.sealId);
      return outcome(options, result.built, result.seal, report);
    } finally {
      dropStaging(paths.candidates);
      forget();
      lock.release();
    }
  });
}

interface Run {
  readonly options: MigrateOptions;
  readonly env: Environment;
  readonly mapping: LoadedMapping;
  readonly secrets: ReadonlyMap<string, Uint8Array>;
  readonly sources: readonly NamedSource[];
  readonly staging: Staging;
  readonly report: Findings;
}

interface Built {
  readonly built: BuiltModule[];
  readonly seal: Seal;
}

async function buildCandidate(run: Run): Promise<Built> {
  const { options, env, mapping, secrets, sources, staging } = run;
  const pool = env.startWorkers(options.workers, { mapping, secrets });
  try {
    await openInWorkers(sources, pool);
    const built = await buildModules(run, pool);
    assertRows(built, options);
    const tables = await sealSources(sources);
    await pool.callEach('closeSources', null);
    for (const { prepared } of sources) await prepared.assertUnchanged();
    const seal = await writeSeal(
      staging.candidate,
      mapping,
      built.map((module) => module.written),
      {
        format: FORMAT,
        tool: env.tool,
        ...env.versions,
        runId: options.runId,
        asOf: mapping.project.asOf ?? null,
        sources: tables,
        accounting: built.map((module) => module.accounting),
      },
    );
    return { built, seal };
  } finally {
    await pool.close();
  }
}

/** Modules one after the other, by name; each one uses all workers. */
async function buildModules(run: Run, pool: Pool): Promise<BuiltModule[]> {
  const { options, env, mapping, sources, staging, report } = run;
  const memory = planMemory(options.memory, options.workers);
  const built: BuiltModule[] = [];
  for (const { module: name } of mapping.modules) {
    const module = compileModule(mapping, name);
    const source = sources.find((candidate) => candidate.name === module.source)?.prepared;
    if (source === undefined) throw new Error(`source ${module.source} is not prepared`);
    const { candidate, scratch } = staging;
    const { progress } = env;
    const result = await buildModule(module, {
      pool,
      source,
      staging: candidate,
      scratch,
      memory,
      progress,
    });
    built.push(result);
    report.findings.push(...result.findings);
    assertMinimum(result, module.minimumRows);
    if (name === options.failAfter) throw injected(name);
  }
  return built;
}

const MAX_RUN_ID = 128;

/** The run id is sealed and shown: a name, not a text. */
function assertRunId(runId: string): void {
  const sound = runId !== '' && runId.length <= MAX_RUN_ID && runId.isWellFormed();
  if (sound && printable(runId) === runId) return;
  throw new Failure('USAGE', {
    what: `a run id has 1 to ${MAX_RUN_ID} printable characters`,
    where: 'MIGRATE_RUN_ID',
    hint: 'choose another one, or unset it',
  });
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

/** A module that saw fewer rows than its mapping asks for has proved nothing. */
function assertMinimum({ accounting }: BuiltModule, minimum: number): void {
  if (accounting.rows >= minimum) return;
  throw new Failure('EMPTY', {
    what: `module ${accounting.module} has ${accounting.rows} rows, its minimum is ${minimum}; nothing was published`,
    where: `table ${quoteName(accounting.table)}`,
    hint: 'check the source, or lower minimumRows in the module',
  });
}

function assertRows(built: readonly BuiltModule[], options: MigrateOptions): void {
  const total = (of: (line: BuiltModule['accounting']) => number): number =>
    built.reduce((sum, module) => sum + of(module.accounting), 0);
  const rejected = total((line) => line.rejected);
  if (rejected > options.allowRejected) {
    throw new Failure('REJECTED', {
      what: `${counted(rejected, 'row')} rejected, nothing was published`,
      where: 'storage_reports/latest-migrate/findings.ndjson',
      hint: `mend the source or the mapping, or accept them with --allow-rejected ${rejected}`,
    });
  }
  if (total((line) => line.records) > 0) return;
  throw new Failure('EMPTY', {
    what: 'the run saw no rows, nothing was published',
    hint: 'check that the sources are the right ones',
  });
}

function outcome(
  options: MigrateOptions,
  built: readonly BuiltModule[],
  seal: Seal,
  report: Findings,
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
      root: written.sealed.root,
    })),
    findings: report.findings,
    counts: countFindings(report.findings),
    candidate: join(projectPaths(options.project).candidates, 'v1'),
    notes: notesOf(built),
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
