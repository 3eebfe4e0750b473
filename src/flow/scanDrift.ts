/**
 * scan-drift: whether the sealed candidate is still what its mapping and its sources make of them.
 * Mapping, schemas and numbers of rows are compared with the seal, the records with those that the
 * sealed mapping makes of the sources now, and copies with their originals.
 */

import { resolve } from 'node:path';

import { diffCandidates } from '../diff/diffCandidates.ts';
import { openSide } from '../diff/side.ts';
import { openFindings, type FindingStore } from '../findings/findingStore.ts';
import { type LoadedMapping, loadMapping } from '../mapping/load.ts';
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
import { projectPaths } from '../project/paths.ts';
import { unlistedFindings } from '../project/sourceObjects.ts';
import type { SourceOverride } from '../project/sources.ts';
import { parseSourceUrl } from '../project/sourceUrl.ts';
import { withSources } from '../project/withSources.ts';
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
  /** How far to look: not at the sources, at schemas and numbers of rows, or at every row. */
  readonly depth: 'mapping' | 'counts' | 'records';
}

const NOTES = {
  mapping: 'the sources were not looked at, as --no-source asks: they may have changed',
  counts: 'rows were counted, not compared, as --counts asks: cells may have changed',
  records: 'every record was compared with what the sealed mapping makes of the sources now',
} as const;

/** Compares the project's current candidate with what is there now. `found` holds what a failure leaves. */
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
 * Where the sealed sources are now: as the command line says, else as the project does today, else
 * as it did when the candidate was sealed.
 */
function locateSources(
  sealed: LoadedMapping,
  current: LoadedMapping,
  { project, sources }: DriftOptions,
  env: Environment,
): Map<string, SourceOverride> {
  const located = new Map(sources);
  for (const name of Object.keys(sealed.project.sources)) {
    const today = Object.hasOwn(current.project.sources, name)
      ? current.project.sources[name]?.url
      : undefined;
    if (today === undefined || located.has(name)) continue;
    located.set(name, parseSourceUrl(today, resolve(project), env));
  }
  return located;
}

async function sourceDrift(
  run: RunFile,
  sealed: LoadedMapping,
  options: DriftOptions,
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

/** What the sealed mapping cannot be built from any more has drifted, whatever else it is. */
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
 * Findings `drift`, one for each module whose records differ.
 * @throws Failure SOURCE_SCHEMA where the sealed mapping does not fit the sources any more, EMPTY
 * where they hold too few rows
 */
async function recordDrift(
  run: RunFile,
  sealed: LoadedMapping,
  folder: string,
  options: DriftOptions,
  env: Environment,
): Promise<Finding[]> {
  // Of a sample, the same records are chosen again.
  const sample = run.sample === undefined ? {} : { sample: run.sample };
  return withStaging('scan-drift', { ...options, ...sample, mappingIn: folder }, env, {
    check: () => {},
    build: async (build) => {
      await buildAgain(build, run);
      const meter = { read: 0, total: 0 };
      const sides = [
        openSide('A', folder, meter),
        openSide('B', build.staging.candidate, meter),
      ] as const;
      const findings: Finding[] = [];
      for await (const finding of checkRecordDrift(sealed, diffCandidates(...sides))) {
        findings.push(finding);
      }
      return findings;
    },
    publish: () => {},
  });
}

/** Rows that are refused now have no record, as in a run of migrate; why is for dry-run to say. */
async function buildAgain(build: Build, run: RunFile): Promise<void> {
  const refused = openFindings(build.staging.scratch);
  const modules = await buildModules(build, refused, () => {}).finally(() => {
    refused.close();
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
