/**
 * The records of a sealed candidate against those that its own mapping makes of the sources now: all
 * of it is built again in private staging, compared, and thrown away.
 */

import { diffCandidates } from '../diff/diffCandidates.ts';
import { openSide } from '../diff/side.ts';
import { openFindings } from '../findings/findingStore.ts';
import type { LoadedMapping } from '../mapping/load.ts';
import type { Finding } from '../outcome/finding.ts';
import { checkRecordDrift } from '../scan/recordDrift.ts';
import type { RunFile } from '../seal/format.ts';
import { writeSeal } from '../seal/writeSeal.ts';
import { buildModules, endReading, withStaging, type Build, type BuildOptions } from './build.ts';
import type { Environment } from './environment.ts';

export type RebuildOptions = Omit<BuildOptions, 'mappingIn' | 'readOrder' | 'sample'>;

/**
 * Findings `drift`, one for each module whose records differ.
 * @throws Failure SOURCE_SCHEMA where the sealed mapping does not fit the sources any more, EMPTY
 * where they hold too few rows
 */
export async function recordDrift(
  run: RunFile,
  sealed: LoadedMapping,
  folder: string,
  options: RebuildOptions,
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
