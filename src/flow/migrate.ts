/**
 * migrate: builds a sealed candidate from mapping and sources, and publishes all of it or nothing.
 */

import { currentPath } from '../seal/sealedFolders.ts';
import { signed, type SourceState } from '../journal/event.ts';
import { assertAsFrozen, freezeInForce, freezeNotes } from '../project/freezeInForce.ts';

import { hideRows } from '../findings/guardReport.ts';
import type { FindingStore } from '../findings/findingStore.ts';
import { appendToJournal, readJournal } from '../journal/journal.ts';
import type { LoadedMapping } from '../mapping/loadMapping.ts';
import { assertModules } from '../outcome/assertModules.ts';
import { personalNumbers } from '../mapping/piiPolicy.ts';
import { severityOf } from '../mapping/severity.ts';
import type { BuiltModule } from '../migrate/buildModule.ts';
import { counted } from '../outcome/counted.ts';
import { Failure } from '../outcome/failure.ts';
import type { Severity } from '../outcome/finding.ts';
import { moduleLines } from '../outcome/moduleLine.ts';
import { actionOutcome, countFindings, type Outcome } from '../outcome/outcome.ts';
import type { Rule } from '../outcome/rules.ts';
import { sealedEvent } from '../journal/sealedEntry.ts';
import { nameToPublish, publishCandidate } from '../seal/candidateStore.ts';
import { canonicalJson } from '../record/canonical.ts';
import { byUtf8, FORMAT, type RunFile } from '../seal/format.ts';
import { writeSeal, type Seal } from '../seal/writeSeal.ts';
import {
  assertSomeRecords,
  buildModules,
  checkedSources,
  endReading,
  sampleNotes,
  withStaging,
  type Build,
  type BuildOptions,
} from '../migrate/build.ts';
import type { Environment } from '../run/environment.ts';
import { assertObjects, objectFindings, sourceNotes } from '../project/sourceObjects.ts';
import { operatorOf } from '../run/operator.ts';
import { assertOperator } from '../project/operatorNeeded.ts';
import { projectPaths } from '../project/paths.ts';
import { assertFrozen } from '../project/sourceWrites.ts';
import { assertRunId } from '../run/runId.ts';
import { sealSources } from '../project/sources.ts';
import { provePolicies, type Leaks } from './provePolicies.ts';
import { statesOf } from '../project/sourceStates.ts';

export interface MigrateOptions extends BuildOptions {
  readonly runId: string;
  /** Operator for the journal; by default the one that the environment names. */
  readonly who?: string;
  /** Name of the module after which to fail, for drills. */
  readonly failAfter: string | null;
  /** Number of rejected rows that do not fail the run. */
  readonly allowRejected: number;
  /** Whether the run succeeds in spite of BLOCKERs on rows that are kept. */
  readonly allowBlockers?: boolean;
  /** Whether the writes of all sources have to be frozen, from before the run to its end. */
  readonly requireFrozen?: boolean;
}

interface Built {
  readonly modules: readonly BuiltModule[];
  readonly totals: Totals;
  readonly seal: Seal;
  /** Number of BLOCKERs on personal data that is in the candidate all the same. */
  readonly leaks: number;
  /** What the sources held, for the journal. */
  readonly states: readonly SourceState[];
  /** Notes on the sources. */
  readonly notes: readonly string[];
}

/** Builds and publishes a candidate. `found` collects findings, also of a run that fails. */
export async function migrate(
  options: MigrateOptions,
  env: Environment,
  found: FindingStore,
): Promise<Outcome> {
  assertRunId(options.runId, 'MIGRATE_RUN_ID');
  const who = operatorOf(options.who ?? null, env);
  const { candidates, journal } = projectPaths(options.project);
  const frozen = await freezeInForce(options.project);
  let begunAfter = 0;
  const built = await withStaging('migrate', options, env, {
    check: (mapping) => {
      // Fails before hours of work if the journal could not be written at the end.
      begunAfter = readJournal(journal).entries.length;
      assertOperator(mapping.project, who, options.project);
      assertAsFrozen(frozen, mapping, options.project);
      assertFailAfter(mapping, options.failAfter);
      hideRows(found, personalNumbers(mapping.modules));
    },
    before: (locations, mapping) => whereFrozen(locations, mapping, options, env),
    build: async (build) => {
      const built = await buildCandidate(build, options, found);
      await whereFrozen(build.locations, build.mapping, options, env);
      return built;
    },
    publish: (staging, { seal: { sealId, dataRoot }, states: sources }) => {
      const name = nameToPublish(candidates, sealId);
      const about = { dataRoot, runId: options.runId, begunAfter, sources };
      const writer = { command: 'migrate', pid: env.pid, at: env.now().toISOString() };
      // The journal comes first, so that no candidate is published without an entry.
      appendToJournal(journal, writer, [signed(sealedEvent(name, about), who)]);
      publishCandidate(candidates, staging, name);
    },
  });
  return outcome(options, built, found);
}

/** Checks that the sources are frozen, if the run requires that. */
async function whereFrozen(
  locations: Build['locations'],
  { modules }: LoadedMapping,
  { project, requireFrozen = false }: MigrateOptions,
  env: Environment,
): Promise<void> {
  if (requireFrozen) await assertFrozen(locations, modules, project, env);
}

async function buildCandidate(
  build: Build,
  options: MigrateOptions,
  found: FindingStore,
): Promise<Built> {
  const { env, mapping, sources, staging } = build;
  const lost = objectFindings(mapping, sources);
  for (const finding of lost) found.add(finding);
  assertObjects(lost);
  // The files are hashed while their rows are read.
  const hashing = statesOf(sources);
  const modules = await buildModules(build, found, ({ accounting }) => {
    if (accounting.module === options.failAfter) throw injected(accounting.module);
  });
  const totals = totalsOf(modules, mapping);
  assertAccepted(modules, totals, options);
  assertSealed(totals, countFindings(found.list));
  assertSomeRecords(modules);
  const checked = await checkedSources(build, found);
  const { sealed, notes } = await sealSources(sources, mapping, checked);
  const states = await hashing;
  const unfrozen = await freezeNotes(options.project, mapping);
  const leaks = await provePolicies(build, { ...options, where: FINDINGS }, found);
  await endReading(build);
  const seal = await writeSeal(
    staging.candidate,
    mapping,
    modules.map((module) => module.written),
    {
      format: FORMAT,
      tool: env.tool,
      ...env.versions,
      runId: options.runId,
      asOf: mapping.project.asOf ?? null,
      ...(options.sample === undefined ? {} : { sample: options.sample }),
      sources: sealed,
      accounting: modules.map((module) => module.accounting),
      ...sealedFindings(modules, leaks),
    },
  );
  const all = [...sourceNotes(sources), ...notes, ...unfrozen];
  return { modules, totals, seal, leaks: leaks.count, states, notes: all };
}

/** Returns the findings to seal, which scans report again; they compute the severity anew. */
function sealedFindings(
  built: readonly BuiltModule[],
  { sealed }: Leaks,
): Pick<RunFile, 'findings'> {
  const onRows = built
    .flatMap((module) => module.onRows)
    .map(({ module = null, rule, reason }) => ({ module, rule, reason }));
  const findings = [...onRows, ...sealed].sort((a, b) =>
    byUtf8(canonicalJson(a), canonicalJson(b)),
  );
  return findings.length === 0 ? {} : { findings };
}

function injected(module: string): Failure {
  return new Failure('INJECTED', {
    what: `stopped after module ${module}, as MIGRATE_FAIL_AFTER_MODULE requests; nothing was published`,
    hint: 'unset MIGRATE_FAIL_AFTER_MODULE and run again',
  });
}

function assertFailAfter({ modules }: LoadedMapping, name: string | null): void {
  const known = modules.map(({ module }) => module);
  const where = 'MIGRATE_FAIL_AFTER_MODULE';
  assertModules(name === null ? [] : [name], known, { of: 'mapping', where });
}

type Allowed = Pick<MigrateOptions, 'allowRejected' | 'allowBlockers'>;

/**
 * Fails on BLOCKERs, as dry-run does, unless options allow them so that the result can be
 * inspected.
 */
function assertAccepted(
  built: readonly BuiltModule[],
  { rejected, BLOCKER: kept }: Totals,
  { allowRejected, allowBlockers = false }: Allowed,
): void {
  const open = built.find(({ unaccounted }) => unaccounted);
  if (open !== undefined) {
    throw new Failure('REJECTED', {
      what: `rows of module ${open.accounting.module} cannot be accounted for, nothing was published`,
      where: FINDINGS,
      hint: 'fix its query or its base as the findings say; --allow-rejected does not cover them',
    });
  }
  const faults: string[] = [];
  const accept: string[] = [];
  if (rejected > allowRejected) {
    faults.push(`${counted(rejected, 'row')} rejected`);
    accept.push(`--allow-rejected ${rejected}`);
  }
  if (kept > 0 && !allowBlockers) {
    faults.push(`${counted(kept, 'BLOCKER')} on rows that are not rejected`);
    accept.push('--allow-blockers');
  }
  if (faults.length === 0) return;
  throw new Failure('REJECTED', {
    what: `${faults.join(', ')}, nothing was published`,
    where: FINDINGS,
    hint: `fix the source or the mapping, or build a candidate to inspect, which can never go live, with ${accept.join(' ')}`,
  });
}

/** Fails on a BLOCKER that is not tied to a row, since no later verdict would count it. */
function assertSealed(totals: Totals, { BLOCKER }: Readonly<Record<Severity, number>>): void {
  if (BLOCKER === 0 || totals.rejected > 0 || totals.BLOCKER > 0) return;
  throw new Failure('REJECTED', {
    what: `${counted(BLOCKER, 'BLOCKER')} not tied to a row, nothing was published`,
    where: FINDINGS,
    hint: 'fix the source or the mapping as the findings say; no option allows them',
  });
}

const FINDINGS = 'storage_reports/latest-migrate/findings.ndjson';

/** Numbers of rejected rows, and of findings on rows that were kept. */
type Totals = Readonly<Record<Severity | 'rejected', number>>;

function totalsOf(built: readonly BuiltModule[], { project }: LoadedMapping): Totals {
  const totals = { rejected: 0, BLOCKER: 0, WARNING: 0, INFO: 0 };
  for (const { accounting, diagnosed, onRows } of built) {
    totals.rejected += accounting.rejected;
    for (const { severity } of onRows) totals[severity] += 1;
    for (const [field, rule, count] of diagnosed) {
      totals[severityOf(project, rule as Rule, accounting.module, field)] += count;
    }
  }
  return totals;
}

function outcome(
  options: MigrateOptions,
  { modules: built, totals, leaks, seal, notes }: Built,
  found: FindingStore,
): Outcome {
  const roots = new Map(built.map(({ written: { sealed } }) => [sealed.name, sealed.root]));
  return actionOutcome({
    command: 'migrate',
    runId: options.runId,
    ...seal,
    modules: moduleLines(
      built.map(({ accounting }) => accounting),
      (module) => roots.get(module) ?? '',
    ),
    findings: found.list,
    candidate: currentPath(projectPaths(options.project).candidates),
    notes: [...notesOf(totals, leaks), ...notes, ...sampleNotes(options)],
  });
}

/** Returns notes, the most severe last, where it is noticed. */
function notesOf({ rejected, BLOCKER, WARNING }: Totals, leaks: number): string[] {
  const notes = ['keep the seal id outside of the candidate to verify against it later'];
  if (WARNING > 0) {
    const found = `${counted(WARNING, 'WARNING')} on rows of the candidate`;
    notes.push(`${found}: scan-all repeats them, and promote requires --allow-warnings`);
  }
  if (rejected > 0) {
    const left = `${counted(rejected, 'row')} rejected and not in the candidate`;
    notes.push(`${left}, as --allow-rejected permits: ${NEVER_LIVE}`);
  }
  if (BLOCKER > 0) {
    const found = `${counted(BLOCKER, 'BLOCKER')} on rows of the candidate`;
    notes.push(`${found}, as --allow-blockers permits: ${NEVER_LIVE}`);
  }
  if (leaks > 0) {
    const found = `${counted(leaks, 'BLOCKER')} on personal data`;
    notes.push(`${found}, as --allow-blockers permits: ${NEVER_LIVE}`);
  }
  return notes;
}

const NEVER_LIVE = 'it fails scan-all, and can never go live';
