/**
 * scan-drift: tells whether mapping and sources have changed since the candidate was sealed.
 * Compares the mapping, schemas and row counts with the seal, the records with those that the
 * sealed mapping makes of the sources now, and copies with their originals.
 */

import { resolve } from 'node:path';

import { diffCandidates, type Difference } from '../diff/diffCandidates.ts';
import { openSide } from '../seal/opened/side.ts';
import { openFindings, type FindingStore } from '../findings/findingStore.ts';
import { type LoadedMapping, loadMapping } from '../mapping/loadMapping.ts';
import {
  buildModules,
  endReading,
  withStaging,
  type Build,
  type BuildOptions,
} from '../migrate/build.ts';
import { Failure } from '../outcome/failure.ts';
import type { Finding, FindingList } from '../outcome/finding.ts';
import { checkOutcome, type Outcome } from '../outcome/outcome.ts';
import { locateSources } from '../project/locateSources.ts';
import { projectPaths } from '../project/paths.ts';
import { unlistedFindings } from '../project/sourceObjects.ts';
import { withSources, type SourcesOptions } from '../project/withSources.ts';
import type { Environment } from '../run/environment.ts';
import { checksumProgress } from '../run/progress.ts';
import { withHashers } from '../run/workers.ts';
import { driftFinding } from '../scan/drift/driftFinding.ts';
import { checkMappingDrift } from '../scan/drift/mappingDrift.ts';
import { checkRecordDrift } from '../scan/drift/recordDrift.ts';
import { checkSourceDrift } from '../scan/drift/sourceDrift.ts';
import { scanRecords } from '../scan/scanRecords.ts';
import { currentCandidate } from '../seal/candidateStore.ts';
import type { RunFile } from '../seal/format.ts';
import { sealedLines } from '../seal/sealedLines.ts';
import { verifyAt, type Verification } from '../seal/verify.ts';
import { writeSeal } from '../seal/writeSeal.ts';

export interface DriftOptions extends Omit<BuildOptions, 'mappingIn' | 'readOrder' | 'sample'> {
  /** What to compare: the mapping only, also schemas and row counts, or also every record. */
  readonly depth: 'mapping' | 'counts' | 'records';
}

const NOTES = {
  mapping: 'the sources were not read, as --no-source requests: they may have changed',
  counts: 'rows were counted, not compared, as --counts requests: cells may have changed',
  records: 'every record was compared with what the sealed mapping makes of the sources now',
} as const;

/**
 * Compares the project's current candidate with its mapping and sources as they are now. `found`
 * keeps the findings of a scan that fails.
 */
export async function scanDrift(
  options: DriftOptions,
  env: Environment,
  found: FindingStore,
): Promise<Outcome> {
  const { real: folder, shown } = currentCandidate(projectPaths(options.project).candidates);
  const verified = await withHashers(folder, options.workers, env, (pool) =>
    verifyAt(folder, null, pool, checksumProgress(env.progress)),
  );
  const { run, findings: broken } = verified;
  if (broken.length > 0 || run === null) return result(shown, broken, verified, []);
  const sealed = await loadMapping(folder, { sealed: true });
  const current = await loadMapping(resolve(options.project));
  addAll(found, checkMappingDrift(sealed, current));
  if (options.depth !== 'mapping') {
    const located = { ...options, sources: locateSources(sealed, current, options, env) };
    addAll(found, await sourceDrift(run, sealed, located, env));
    if (options.depth === 'records')
      addAll(found, await recordsAgain(run, sealed, folder, located, env));
  }
  const only = { modules: null, checks: ['copies'] as const, memory: options.memory };
  await scanRecords(folder, only, env, found);
  return result(shown, found.list, verified, [NOTES[options.depth]]);
}

function addAll(found: FindingStore, findings: Iterable<Finding>): void {
  for (const finding of findings) found.add(finding);
}

/**
 * Returns findings for objects that are not accounted for, and for changes of schemas and numbers
 * of rows.
 */
export async function sourceDrift(
  run: RunFile,
  sealed: LoadedMapping,
  options: SourcesOptions,
  env: Environment,
): Promise<Finding[]> {
  return withSources(sealed, options, env, async (sources) => {
    const findings = unlistedFindings(sealed, sources);
    for await (const finding of checkSourceDrift(run.sources, sealed, sources)) {
      findings.push(finding);
    }
    return findings;
  });
}

/** Compares the records. Sources that no longer fit the sealed mapping are drift, not a failure. */
async function recordsAgain(
  run: RunFile,
  sealed: LoadedMapping,
  folder: string,
  options: DriftOptions,
  env: Environment,
): Promise<Finding[]> {
  try {
    return await recordDrift(run, sealed, folder, options, env);
  } catch (error) {
    const isMisfit = error instanceof Failure && ['SOURCE_SCHEMA', 'EMPTY'].includes(error.code);
    if (!isMisfit) throw error;
    const reason = `the records cannot be built again: ${error.message}`;
    return [driftFinding(sealed, reason)];
  }
}

/**
 * Returns a finding `drift` for each module whose records differ.
 * @throws Failure SOURCE_SCHEMA if the sealed mapping no longer fits the sources, EMPTY if they
 * hold too few rows
 */
async function recordDrift(
  run: RunFile,
  sealed: LoadedMapping,
  folder: string,
  options: DriftOptions,
  env: Environment,
): Promise<Finding[]> {
  return withRecordsAgain('scan-drift', { run, folder }, options, env, async (changes) => {
    const findings: Finding[] = [];
    for await (const finding of checkRecordDrift(sealed, changes)) findings.push(finding);
    return findings;
  });
}

/** A sealed candidate. */
interface SealedCandidate {
  readonly run: RunFile;
  readonly folder: string;
}

type AgainOptions = Omit<BuildOptions, 'mappingIn' | 'readOrder' | 'sample'>;

/**
 * Builds the records again in staging with the sealed mapping, and passes the differences to `read`.
 * promote holds the lock of the candidates already.
 */
export async function withRecordsAgain<T>(
  command: 'scan-drift' | 'promote',
  { run, folder }: SealedCandidate,
  options: AgainOptions,
  env: Environment,
  read: (changes: AsyncIterable<Difference>) => Promise<T>,
): Promise<T> {
  // A sample selects the same records again.
  const sample = run.sample === undefined ? {} : { sample: run.sample };
  return withStaging(command, { ...options, ...sample, mappingIn: folder }, env, {
    ...(command === 'promote' ? { locked: true } : {}),
    check: () => {},
    build: async (build) => {
      await buildAgain(build, run);
      const meter = { read: 0, total: 0 };
      const sides = [
        openSide('A', folder, meter),
        openSide('B', build.staging.candidate, meter),
      ] as const;
      return read(diffCandidates(...sides));
    },
    publish: () => {},
  });
}

/** Rows that are rejected now have no record, as in migrate; dry-run tells why. */
async function buildAgain(build: Build, run: RunFile): Promise<void> {
  const rejected = openFindings(build.staging.scratch);
  const modules = await buildModules(build, rejected, () => {}).finally(() => {
    rejected.close();
  });
  await endReading(build);
  const { mapping: _, modules: __, dataRoot: ___, ...facts } = run;
  await writeSeal(
    build.staging.candidate,
    build.mapping,
    modules.map(({ written }) => written),
    { ...facts, accounting: modules.map(({ accounting }) => accounting) },
  );
}

function result(
  candidate: string,
  findings: FindingList,
  { run, sealId, dataRoot }: Verification,
  notes: readonly string[],
): Outcome {
  return checkOutcome({
    command: 'scan-drift',
    ...(sealId === null ? {} : { sealId }),
    ...(dataRoot === null ? {} : { dataRoot }),
    candidate,
    modules: run === null ? [] : sealedLines(run),
    findings,
    notes,
  });
}
