/**
 * dry-run: the whole pipeline and all checks in private scratch. Every row with a key enters a
 * provisional candidate, which is thrown away; what remains is the report.
 */

import type { BuiltModule } from '../migrate/buildModule.ts';
import type { Finding } from '../outcome/finding.ts';
import { checkOutcome, type Outcome } from '../outcome/outcome.ts';
import { listFindings } from '../report/findingList.ts';
import { scanCandidate } from '../scan/scanCandidate.ts';
import {
  assertSomeRows,
  buildModules,
  endReading,
  withStaging,
  type Build,
  type BuildOptions,
  type Findings,
} from './build.ts';
import type { Environment } from './environment.ts';
import { provenanceOf } from './provenance.ts';

/** Runs everything but the seal. */
export async function dryRun(
  options: BuildOptions,
  env: Environment,
  report: Findings,
): Promise<Outcome> {
  let findings: Finding[] = [];
  const modules = await withStaging('dry-run', options, env, {
    check: () => {},
    build: async (build) => {
      const built = await buildModules(build, report, () => {});
      assertSomeRows(built);
      await endReading(build);
      const cells = listFindings(report.findings);
      findings = [...cells, ...(await scanProvisional(build, built, cells))];
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
      root: '',
    })),
    findings,
    notes: [],
  });
}

async function scanProvisional(
  { staging, mapping, options, env }: Build,
  built: readonly BuiltModule[],
  cells: readonly Finding[],
): Promise<Finding[]> {
  const findings: Finding[] = [];
  const scan = scanCandidate({
    folder: staging.candidate,
    mapping,
    scratch: staging.scratch,
    memory: options.memory,
    provenance: provenanceOf(built, cells),
    onProgress: (check, done, total) => {
      if (done === 0) env.progress.begin(check, total);
      env.progress.update(done);
      if (done === total) env.progress.end();
    },
  });
  for await (const finding of scan) findings.push(finding);
  return findings;
}
