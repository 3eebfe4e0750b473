/**
 * scan-all and scan-module: the checksums of the sealed candidate, then every check over its
 * records, as its sealed mapping asks for them.
 */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { loadMapping } from '../mapping/load.ts';
import { didYouMean, quoteName } from '../mapping/nearest.ts';
import { Failure } from '../outcome/failure.ts';
import type { Finding } from '../outcome/finding.ts';
import { checkOutcome, type Outcome } from '../outcome/outcome.ts';
import { scanCandidate } from '../scan/scanCandidate.ts';
import { currentCandidate } from '../seal/candidateStore.ts';
import { verifyCandidate } from '../seal/verify.ts';
import type { Environment } from './environment.ts';
import { projectPaths } from './project.ts';

export interface ScanOptions {
  readonly command: 'scan-all' | 'scan-module';
  readonly project: string;
  /** Names of modules to report on; null for all. */
  readonly modules: readonly string[] | null;
  readonly workers: number;
  /** Bytes. */
  readonly memory: number;
}

/** Scans the project's current candidate. A candidate that does not verify is not read further. */
export async function scan(options: ScanOptions, env: Environment): Promise<Outcome> {
  const folder = currentCandidate(projectPaths(options.project).candidates);
  const pool = env.startWorkers(options.workers, null);
  let verified;
  try {
    verified = await verifyCandidate(folder, null, pool);
  } finally {
    await pool.close();
  }
  const { run, findings: broken } = verified;
  if (broken.length > 0 || run === null) return result(options, folder, broken, null);
  assertModules(
    options,
    run.modules.map((module) => module.name),
  );
  const findings = await scanRecords(folder, options, env);
  if (verified.records === 0) {
    const reason = 'the candidate holds no record, so nothing was checked';
    findings.push({ rule: 'empty', severity: 'BLOCKER', reason });
  }
  return result(options, folder, findings, verified);
}

function assertModules(options: ScanOptions, names: readonly string[]): void {
  for (const name of options.modules ?? []) {
    if (names.includes(name)) continue;
    throw new Failure('USAGE', {
      what: `the candidate has no module ${quoteName(name)}`,
      where: options.command,
      hint: didYouMean(name, names, `it has ${names.slice(0, 8).join(', ')}`),
    });
  }
}

async function scanRecords(
  folder: string,
  options: ScanOptions,
  env: Environment,
): Promise<Finding[]> {
  const scratch = mkdtempSync(join(tmpdir(), 'sealift-scan-'));
  // Records are in there: an interrupted scan leaves none behind.
  const drop = (): void => {
    rmSync(scratch, { recursive: true, force: true });
  };
  const forget = env.onInterrupt(drop);
  const findings: Finding[] = [];
  try {
    const records = scanCandidate({
      folder,
      // The mapping that was sealed counts, whatever the project says by now.
      mapping: await loadMapping(folder),
      ...(options.modules === null ? {} : { modules: options.modules }),
      scratch,
      memory: options.memory,
      onProgress: (check, done, total) => {
        if (done === 0) env.progress.begin(check, total);
        env.progress.update(done);
        if (done === total) env.progress.end();
      },
    });
    for await (const finding of records) findings.push(finding);
    return findings;
  } finally {
    drop();
    forget();
  }
}

function result(
  options: ScanOptions,
  candidate: string,
  findings: readonly Finding[],
  verified: Awaited<ReturnType<typeof verifyCandidate>> | null,
): Outcome {
  const roots = new Map(verified?.run?.modules.map(({ name, root }) => [name, root]));
  return checkOutcome({
    command: options.command,
    ...(verified?.sealId == null ? {} : { sealId: verified.sealId }),
    ...(verified?.dataRoot == null ? {} : { dataRoot: verified.dataRoot }),
    candidate,
    modules: (verified?.run?.accounting ?? [])
      .filter(({ module }) => options.modules?.includes(module) ?? true)
      .map(({ module, rows, records, rejected }) => {
        return { module, rows, records, rejected, root: roots.get(module) ?? '' };
      }),
    findings,
    notes: [],
  });
}
