/**
 * scan-all, scan-module and scan-pii: the checksums of the sealed candidate, then the checks over its
 * records, as its sealed mapping asks for them; scan-all also counts the rows again.
 */

import { realpathSync } from 'node:fs';
import { tmpdir } from 'node:os';

import { openScratch } from '../disk/scratch.ts';
import type { FindingStore } from '../findings/findingStore.ts';
import { loadMapping, type LoadedMapping } from '../mapping/load.ts';
import { didYouMean, quoteName } from '../mapping/nearest.ts';
import { Failure } from '../outcome/failure.ts';
import type { FindingList } from '../outcome/finding.ts';
import { checkOutcome, type Outcome } from '../outcome/outcome.ts';
import { scanCandidate, type Check } from '../scan/scanCandidate.ts';
import { currentCandidate } from '../seal/candidateStore.ts';
import { verifyCandidate } from '../seal/verify.ts';
import { candidateNamed } from './candidateNamed.ts';
import type { Environment } from './environment.ts';
import { journalScan } from './journalScan.ts';
import type { LookOptions } from './lookAtSources.ts';
import { forTables } from './memory.ts';
import { operatorOf } from './operator.ts';
import { projectPaths } from './project.ts';
import { recount } from './recount.ts';
import { checksumProgress, scanProgress } from './scanProgress.ts';
import { withHashers, type Workers } from './workers.ts';

export interface ScanOptions {
  readonly command: 'scan-all' | 'scan-module' | 'scan-pii';
  readonly project: string;
  /** As candidateNamed takes it; what was built last where left out. */
  readonly candidate?: string;
  /** Names of modules to report on; null for all. */
  readonly modules: readonly string[] | null;
  /** All where left out. */
  readonly checks?: readonly Check[];
  /** Counts the rows of the sources again; not where it is null. */
  readonly recount: LookOptions | null;
  readonly workers: Workers;
  /** Bytes. */
  readonly memory: number;
}

/** Scans the project's current candidate, or the one that is named. A candidate that does not verify is not read further. */
export async function scan(
  options: ScanOptions,
  env: Environment,
  found: FindingStore,
): Promise<Outcome> {
  const who = operatorOf(null, env);
  const { candidates } = projectPaths(options.project);
  const shown =
    options.candidate === undefined
      ? currentCandidate(candidates)
      : candidateNamed(options.candidate, options.project, '.');
  // One and the same candidate to the end, whatever is built meanwhile.
  const folder = realpathSync(shown);
  const verified = await withHashers(folder, options.workers, env, (pool) =>
    verifyCandidate(folder, null, pool, checksumProgress(env.progress)),
  );
  const { run, findings: broken } = verified;
  const full = options.command === 'scan-all' && options.modules === null;
  const end = (outcome: Outcome, mapping: LoadedMapping | null): Outcome => {
    const scanned = { project: options.project, sealId: verified.sealId, mapping, who };
    return full ? journalScan(scanned, outcome, env) : outcome;
  };
  if (broken.length > 0 || run === null) {
    return end(result(options, shown, broken, null, []), null);
  }
  assertModules(
    options,
    run.modules.map((module) => module.name),
  );
  await scanRecords(folder, options, env, found);
  const notes: string[] = [];
  if (options.recount !== null) {
    const counted = await recount(run, await loadMapping(folder), options.recount, env);
    for (const finding of counted.findings) found.add(finding);
    notes.push(counted.note);
  }
  if (verified.records === 0) {
    const reason = 'the candidate holds no record, so nothing was checked';
    found.add({ rule: 'empty', severity: 'BLOCKER', reason });
  }
  return end(result(options, shown, found.list, verified, notes), await loadMapping(folder));
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

/** The checks over the records of a candidate, in a scratch of their own; adds to `found`. */
export async function scanRecords(
  folder: string,
  options: Pick<ScanOptions, 'modules' | 'checks' | 'memory'>,
  env: Environment,
  found: FindingStore,
): Promise<void> {
  // Records are in there: an interrupted scan leaves none behind.
  const since = env.now().toISOString();
  const scratch = openScratch(tmpdir(), { command: 'scan', pid: env.pid, since });
  const forget = env.onInterrupt(scratch.drop);
  try {
    const records = scanCandidate({
      folder,
      // The mapping that was sealed counts, whatever the project says by now.
      mapping: await loadMapping(folder),
      ...(options.modules === null ? {} : { modules: options.modules }),
      ...(options.checks === undefined ? {} : { checks: options.checks }),
      scratch: scratch.path,
      memory: forTables(options.memory),
      onProgress: scanProgress(env.progress),
    });
    for await (const finding of records) found.add(finding);
  } finally {
    scratch.drop();
    forget();
  }
}

function result(
  options: ScanOptions,
  candidate: string,
  findings: FindingList,
  verified: Awaited<ReturnType<typeof verifyCandidate>> | null,
  notes: readonly string[],
): Outcome {
  const roots = new Map(verified?.run?.modules.map(({ name, root }) => [name, root]));
  return checkOutcome({
    command: options.command,
    ...(verified?.sealId == null ? {} : { sealId: verified.sealId }),
    ...(verified?.dataRoot == null ? {} : { dataRoot: verified.dataRoot }),
    candidate,
    modules: (verified?.run?.accounting ?? [])
      .filter(({ module }) => options.modules?.includes(module) ?? true)
      .map(({ module, rows, records, rejected, table, filtered, merged }) => {
        return {
          module,
          rows,
          records,
          rejected,
          table,
          filtered,
          merged,
          root: roots.get(module) ?? '',
        };
      }),
    findings,
    notes,
  });
}
