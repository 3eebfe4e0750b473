/**
 * scan-all, scan-module, scan-pii and scan CHECK: verify the checksums of the sealed candidate, then
 * run the checks over its records that its sealed mapping declares; scan-all also counts the source
 * rows again.
 */

import { basename } from 'node:path';

import { CHECKS, type Check } from '../outcome/checks.ts';
import type { Pool } from '../threads/pool.ts';
import { guardReport } from '../findings/guardReport.ts';
import type { FindingStore } from '../findings/findingStore.ts';
import { loadMapping, type LoadedMapping } from '../mapping/loadMapping.ts';
import { loweredSeverities } from '../mapping/severity.ts';
import { assertModules } from '../outcome/assertModules.ts';
import type { FindingList } from '../outcome/finding.ts';
import type { ModulePrivacy } from '../outcome/privacy.ts';
import { checkOutcome, type Checked, type Outcome } from '../outcome/outcome.ts';
import { uncheckedSources } from '../scan/checkAccounting.ts';
import { checkRowFindings } from '../scan/rowFindings.ts';
import { scanRecords, type RecordOptions } from '../scan/scanRecords.ts';
import { withProof } from '../scan/withProof.ts';
import { currentCandidate } from '../seal/candidateStore.ts';
import type { RunFile } from '../seal/format.ts';
import { sealedLines } from '../seal/sealedLines.ts';
import { statedSealId } from '../seal/sealedFolders.ts';
import { verifyAt } from '../seal/verify.ts';
import { candidateNamed, meansLive } from '../project/candidateNamed.ts';
import type { Environment } from '../run/environment.ts';
import { olderNotes, outsideFindings } from '../project/origin.ts';
import { journalScan } from '../promote/journalScan.ts';
import type { SourcesOptions } from '../project/withSources.ts';
import { operatorOf } from '../run/operator.ts';
import { assertRunId } from '../run/runId.ts';
import { freezeNotes } from '../project/freezeInForce.ts';
import { projectPaths } from '../project/paths.ts';
import { recount } from '../scan/recount.ts';
import { checksumProgress } from '../run/progress.ts';
import { assertSealId } from '../project/sealIdOption.ts';
import { withHashers, type Workers } from '../run/workers.ts';

export interface ScanOptions {
  readonly command: 'scan-all' | 'scan-module' | 'scan-pii' | `scan ${string}`;
  /** Name of the scan in its report. */
  readonly runId?: string;
  readonly project: string;
  /** A name for candidateNamed; the candidate built last if left out. */
  readonly candidate?: string;
  /** Seal id that was kept outside of the candidate; none if left out. */
  readonly expectSeal?: string;
  /** Names of modules to report on; null for all. */
  readonly modules: readonly string[] | null;
  /** All if left out. */
  readonly checks?: readonly Check[];
  /** How to open the sources to count their rows again; null to not count them. */
  readonly recount: SourcesOptions | null;
  /**
   * Places of the sources whose values a policy keeps out, instead of the mapping's; not opened if
   * no policy does.
   */
  readonly sources?: SourcesOptions['sources'];
  readonly workers: Workers;
  /** Bytes. */
  readonly memory: number;
}

/**
 * Scans the project's current candidate, or the named one. A candidate that does not verify is not
 * read further.
 */
export async function scan(
  options: ScanOptions,
  env: Environment,
  found: FindingStore,
): Promise<Outcome> {
  const who = operatorOf(null, env);
  assertSealId(options.expectSeal ?? null);
  assertRunId(options.runId ?? DEFAULT_RUN_ID, 'SCAN_RUN_ID');
  const { candidates } = projectPaths(options.project);
  // Resolved once, so that the scan stays with one candidate if another is built meanwhile.
  const { real: folder, shown } =
    options.candidate === undefined
      ? currentCandidate(candidates)
      : named(options.candidate, options.project, env.cwd);
  return withHashers(folder, options.workers, env, (pool) =>
    scanWith(pool, { folder, shown, who }, options, env, found),
  );
}

async function scanWith(
  pool: Pool,
  {
    folder,
    shown,
    who,
  }: { readonly folder: string; readonly shown: string; readonly who: string | null },
  options: ScanOptions,
  env: Environment,
  found: FindingStore,
): Promise<Outcome> {
  const { project, expectSeal = null } = options;
  const verified = await verifyAt(folder, expectSeal, pool, checksumProgress(env.progress));
  const { run, findings: broken } = verified;
  const held = { folder, sealId: verified.sealId, project };
  const full = options.command === 'scan-all' && options.modules === null;
  const end = (outcome: Outcome, mapping: LoadedMapping | null): Outcome => {
    // A candidate in the folder of another counts as a failed scan of that other one.
    const sealId = statedSealId(folder) ?? verified.sealId;
    const scanned = { project, sealId, mapping, who };
    return full ? journalScan(scanned, outcome, env) : outcome;
  };
  if (broken.length > 0 || run === null) {
    const moved = outsideFindings(held, { origin: false, live: isLive(options, env.cwd) }, env);
    const checked = { checks: ['checksums'], ...NOTHING, lowered: [] };
    const seen = { shown, findings: [...broken, ...moved], verified: null, checked, notes: [] };
    return end(result(options, seen), null);
  }
  const questions = { origin: expectSeal === null, live: isLive(options, env.cwd) };
  for (const finding of outsideFindings(held, questions, env)) found.add(finding);
  const names = run.modules.map(({ name }) => name);
  assertModules(options.modules ?? [], names, { of: 'candidate', where: options.command });
  const tally = { ...NOTHING };
  const known = {
    counts: countsOf(run),
    tally,
    ...(verified.sealId === null ? {} : { sealId: verified.sealId }),
  };
  // The sealed mapping counts, not the project's mapping of today.
  const mapping = await loadMapping(folder, SEALED);
  const privacy = await scanAndProve({ folder, mapping, pool, known }, options, env, found);
  if (full) for (const finding of uncheckedSources(run)) found.add(finding);
  const checks: string[] = ['checksums', ...(options.checks ?? CHECKS)];
  const notes = [...olderNotes(held), ...idleNotes(options, mapping, tally)];
  if (options.checks === undefined) {
    for (const finding of checkRowFindings(run, mapping, options.modules)) found.add(finding);
  }
  if (options.command === 'scan-all') {
    const { digest } = run.mapping;
    notes.push(...(await freezeNotes(project, { digest, project: mapping.project })));
  }
  if (options.recount !== null) {
    const sources = { ...options.recount, live: questions.live };
    const counted = await recount(run, mapping, sources, env);
    for (const finding of counted.findings) found.add(finding);
    checks.push(...counted.checks);
    notes.push(counted.note);
  }
  if (verified.records === 0) {
    const reason = 'the candidate holds no record, so nothing was checked';
    found.add({ rule: 'empty', severity: 'BLOCKER', reason });
  }
  guardReport(found);
  // The checksums alone are of all records.
  const records = options.checks?.length === 0 ? verified.records : tally.records;
  const lowered = loweredSeverities(mapping);
  const partial = privacy.privacy === undefined || options.modules === null ? {} : PARTIAL;
  const checked = { checks, ...tally, records, lowered, ...privacy, ...partial };
  return end(result(options, { shown, findings: found.list, verified, checked, notes }), mapping);
}

interface Verified {
  readonly folder: string;
  readonly mapping: LoadedMapping;
  readonly pool: Pool;
  /** Facts that the verified seal states. */
  readonly known: Pick<RecordOptions, 'counts' | 'tally' | 'sealId'>;
}

/** Scans the records; returns what was seen of personal data if that was searched for. */
async function scanAndProve(
  { folder, mapping, pool, known }: Verified,
  options: ScanOptions,
  env: Environment,
  found: FindingStore,
): Promise<Pick<Checked, 'privacy'>> {
  const work = { ...options, ...known, pool };
  if (options.checks?.includes('pii') === false) {
    await scanRecords(folder, work, env, found);
    return {};
  }
  const privacy: ModulePrivacy[] = [];
  const report = (seen: ModulePrivacy): unknown => privacy.push(seen);
  const { project, sources = new Map<string, string>(), workers } = options;
  const about = {
    sources: { project, cwd: env.cwd, sources },
    candidate: basename(folder),
    workers,
  };
  await withProof(mapping, about, env, (proof) =>
    scanRecords(folder, { ...work, proof: { ...proof, searches: true, report } }, env, found),
  );
  return { privacy };
}

/** Returns a note for a single check for which there is nothing to do. */
function idleNotes(
  { command, checks = [] }: ScanOptions,
  { modules }: LoadedMapping,
  { references }: Pick<Checked, 'references'>,
): string[] {
  if (!command.startsWith('scan ')) return [];
  const invariants = modules.flatMap((module) => module.invariants ?? []);
  const idle = [
    ...(checks.includes('invariants') && invariants.length === 0 ? ['declares no invariant'] : []),
    ...(checks.includes('references') && references === 0 ? ['has no reference to follow'] : []),
  ];
  return idle.map((what) => `the candidate ${what}, so this check proves nothing`);
}

/** Of every scan, unless SCAN_RUN_ID gives another. */
const DEFAULT_RUN_ID = 'scan-all';

const PARTIAL = { isPartial: true } as const;

const NOTHING = { records: 0, references: 0 } as const;

function named(candidate: string, project: string, cwd: string): { real: string; shown: string } {
  const real = candidateNamed(candidate, project, cwd);
  return { real, shown: real };
}

function isLive({ candidate, project }: ScanOptions, cwd: string): boolean {
  return candidate !== undefined && meansLive(candidate, project, cwd);
}

/** Returns the record counts that the verified run states, by module. */
function countsOf({ modules }: RunFile): Map<string, number> {
  return new Map(modules.map(({ name, count }) => [name, count]));
}

/** Loads a sealed mapping, in which no symbolic links are allowed. */
const SEALED = { sealed: true } as const;

interface Seen {
  /** The candidate's path. */
  readonly shown: string;
  readonly findings: FindingList;
  readonly verified: Awaited<ReturnType<typeof verifyAt>> | null;
  readonly checked: Checked;
  readonly notes: readonly string[];
}

function result(
  options: ScanOptions,
  { shown: candidate, findings, verified, checked, notes }: Seen,
): Outcome {
  return checkOutcome({
    command: options.command,
    runId: options.runId ?? DEFAULT_RUN_ID,
    ...(verified?.sealId == null ? {} : { sealId: verified.sealId }),
    ...(verified?.dataRoot == null ? {} : { dataRoot: verified.dataRoot }),
    candidate,
    modules: verified?.run == null ? [] : sealedLines(verified.run, options.modules),
    findings,
    checked,
    notes,
  });
}
