/**
 * reconcile: reads a target back, in one snapshot and in any order, and compares it record by record
 * with the seal of the candidate that was loaded into it. Needs no legacy source.
 */

import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';

import { openScratch } from '../disk/scratch.ts';
import { makeNewFolder } from '../disk/durable.ts';
import type { FindingStore } from '../findings/findingStore.ts';
import type { ReconciledEvent } from '../journal/event.ts';
import { appendToJournal } from '../journal/journal.ts';
import { reconciledCounts } from '../journal/reconciledEntry.ts';
import { readNames } from '../load/namesFile.ts';
import type { LoadedMapping } from '../mapping/loadMapping.ts';
import { findModule } from '../mapping/model.ts';
import { readSecretKey } from '../mapping/secretKey.ts';
import type { ComparedModule } from '../outcome/comparison.ts';
import { Failure } from '../outcome/failure.ts';
import { checkOutcome, type Outcome } from '../outcome/outcome.ts';
import { CLOSE_SOURCES, OPEN_SOURCE } from '../project/calls.ts';
import { candidateNamed, meansLive } from '../project/candidateNamed.ts';
import { isSealedHere, outsideFindings } from '../project/origin.ts';
import { projectPaths } from '../project/paths.ts';
import { assertSealId } from '../project/sealIdOption.ts';
import { shownTargetRows } from '../project/shownRows.ts';
import { timeoutsOf } from '../project/timeouts.ts';
import { locateAsSource } from '../project/targetUrl.ts';
import { incomparableModule, sealedCount, stripOf } from '../reconcile/comparedModule.ts';
import { describer } from '../reconcile/describeDifferences.ts';
import { keptOf, type Kept } from '../reconcile/keptOf.ts';
import { locateTable, type FoundTable, type Incomparable } from '../reconcile/locateTables.ts';
import {
  incomparableFinding,
  reconcileFinding,
  valueLines,
} from '../reconcile/reconcileFinding.ts';
import { readingNotes } from '../reconcile/readingNotes.ts';
import { reconcileModule, type ReconcileContext } from '../reconcile/reconcileModule.ts';
import { schemasOfSeal } from '../reconcile/schemasOfSeal.ts';
import { openSealed, sealedMapping } from '../reconcile/sealedSide.ts';
import { TARGET, targetMapping } from '../reconcile/targetMapping.ts';
import { forBuffers, planMemory } from '../run/budget.ts';
import type { Environment } from '../run/environment.ts';
import { workersFor, type Workers } from '../run/workers.ts';
import { openModule, type ModuleSide } from '../seal/opened/moduleSide.ts';
import type { Side } from '../seal/opened/side.ts';
import type { PreparedSource, SourceAdapter } from '../source/source.ts';
import { sharedBuffers } from '../threads/sharedBuffer.ts';
import { targetNames, type TargetNames } from '../target/targetNames.ts';

export interface ReconcileOptions {
  readonly project: string;
  /** Folder to which paths on the command line are relative. */
  readonly cwd: string;
  /** URL of the target. */
  readonly target: string;
  /** Schema with the tables; null for that of the seal. */
  readonly schema: string | null;
  /** File of the names of tables and columns, as load has it; null if they are the same. */
  readonly names: string | null;
  /** A name for candidateNamed. */
  readonly candidate: string;
  /** The seal id that was kept outside; null if it is not given. */
  readonly expectSeal: string | null;
  readonly workers: Workers;
  /** Bytes. */
  readonly memory: number;
  /** Receives lines with values, for the terminal only; null if none are to be shown. */
  readonly showValues: ((line: string) => void) | null;
}

/** Compares a target with the seal of a candidate; the findings are the differences. */
export async function reconcile(
  options: ReconcileOptions,
  env: Environment,
  found: FindingStore,
): Promise<Outcome> {
  const { candidate, project, cwd, expectSeal } = options;
  assertSealId(expectSeal);
  const folder = candidateNamed(candidate, project, cwd);
  const side = openSealed(folder, expectSeal);
  const held = { folder, sealId: side.sealId, project };
  const questions = { origin: expectSeal === null, live: meansLive(candidate, project, cwd) };
  for (const one of outsideFindings(held, questions, env)) found.add(one);
  const mapping = await sealedMapping(folder, side);
  const { adapter, location } = locateAsSource(options.target, env);
  const since = env.now().toISOString();
  const scratch = openScratch(env.temporary, { command: 'reconcile', pid: env.pid, since });
  const forget = env.onInterrupt(scratch.drop);
  try {
    const copies = join(scratch.path, 'target');
    makeNewFolder(copies);
    const { variables, signal } = env;
    const target = await adapter.prepare(location, {
      scratch: copies,
      variables,
      timeouts: timeoutsOf(variables),
      signal,
    });
    try {
      const rows = join(scratch.path, 'rows');
      makeNewFolder(rows);
      const about = { options, env, found, side, mapping, folder };
      return await compared({ ...about, adapter, target, scratch: rows });
    } finally {
      await target.close();
    }
  } finally {
    scratch.drop();
    forget();
  }
}

interface Run {
  readonly options: ReconcileOptions;
  readonly env: Environment;
  readonly found: FindingStore;
  readonly side: Side;
  readonly mapping: LoadedMapping;
  readonly target: PreparedSource;
  readonly adapter: SourceAdapter;
  /** Folder of the candidate. */
  readonly folder: string;
  readonly scratch: string;
}

async function compared(run: Run): Promise<Outcome> {
  const { env, options, found, side, mapping, target, adapter, folder } = run;
  const schema = options.schema ?? (await schemaOf(run));
  const secrets = new Map<string, Uint8Array>();
  const { located, leftOut } = locatedIn(run, schema, secrets);
  const tables = located.filter((one) => one.kind === 'found');
  const read = tables.map(({ sealed, table, columns }) => {
    return { sealed, table: table.name, columns, blind: blindOf(mapping, sealed.module) };
  });
  const workers = workersFor(options.workers, target.estimatedBytes, env);
  const pool = env.startWorkers(workers, {
    mapping: targetMapping(read, mapping.project),
    secrets,
  });
  found.showRows(shownTargetRows(target.schema, adapter));
  const modules: ComparedModule[] = [];
  const notes = readingNotes();
  let kept: Kept = {};
  const told = (one: Incomparable): ComparedModule => {
    found.add(incomparableFinding(one.sealed.module, one.reason));
    return incomparableModule(one.sealed);
  };
  try {
    await target.inOneSnapshot((source) => pool.callEach(OPEN_SOURCE, { name: TARGET, source }));
    const memory = planMemory(forBuffers(options.memory, pool.size), pool.size);
    const { progress } = env;
    const { scratch } = run;
    const buffers = sharedBuffers();
    const context = { pool, target, scratch, memory, buffers, progress, notes };
    for (const one of located) {
      modules.push(one.kind === 'found' ? await compareTable(one, context, run) : told(one));
    }
    await pool.callEach(CLOSE_SOURCES, null);
    await target.assertUnchanged();
    kept = await keptOf(target, tables, modules);
  } finally {
    await pool.close();
  }
  const records = modules.reduce((sum, { rows }) => sum + (rows ?? 0), 0);
  if (records === 0) {
    const reason = 'the target holds no row of the seal, so nothing was proven';
    found.add({ rule: 'empty', severity: 'BLOCKER', reason });
  }
  const place = { target: target.label, schema };
  const reading = notes.finish({ tool: env.tool, schema });
  const outcome = checkOutcome({
    command: 'reconcile',
    sealId: side.sealId,
    dataRoot: side.dataRoot,
    candidate: folder,
    modules: [],
    compared: { ...place, modules },
    facts: { reading },
    findings: found.list,
    checked: { checks: ['reconcile'], records, references: 0, lowered: [] },
    notes: [
      `target     ${target.label}${schema === '' ? '' : `, schema ${schema}`}`,
      ...othersNotes(tables),
      ...leftOut,
      ...heldNotes(run),
      ...(target.notes ?? []),
    ],
  });
  const counts = reconciledCounts(modules);
  journal(outcome, run, { ...place, counts, reading: reading.digest, ...kept });
  return outcome;
}

/** Finds the tables of all modules; those of other systems, which load leaves out, may be missing. */
function locatedIn(
  run: Run,
  schema: string,
  secrets: Map<string, Uint8Array>,
): { located: (FoundTable | Incomparable)[]; leftOut: string[] } {
  const { options, side, mapping, target, adapter } = run;
  const modules = [...side.modules.keys()].map((module) => openModule(side, module));
  const place = { schema, names: namesOf(options, modules) };
  const located: (FoundTable | Incomparable)[] = [];
  const leftOut: string[] = [];
  for (const sealed of modules) {
    const table = locateTable(sealed, target.schema, place, adapter.declared);
    const isAbsent = table.kind === 'incomparable' && table.absent === true;
    if (isAbsent && findModule(mapping, sealed.module)?.external === true) {
      leftOut.push(`${sealed.module}: not compared, as its records are in another system`);
      continue;
    }
    const why = table.kind === 'found' ? missingKey(run, sealed, secrets) : table.reason;
    located.push(why === null ? table : incomparable(sealed, why));
  }
  return { located, leftOut };
}

function namesOf({ names, cwd }: ReconcileOptions, modules: readonly ModuleSide[]): TargetNames {
  if (names === null) return targetNames(new Map());
  const tables = modules.map(({ module, shape }) => {
    return { module, columns: [...shape.fields.keys()].map((name) => ({ name })) };
  });
  return targetNames(readNames(resolve(cwd, names), tables));
}

/** Writes the result into the journal of the project; beside a candidate alone there is none. */
function journal(
  { status }: Outcome,
  { options, env, side }: Run,
  about: Pick<ReconciledEvent, 'target' | 'schema' | 'counts' | 'reading'> & Kept,
): void {
  const paths = projectPaths(options.project);
  if (!existsSync(paths.candidates)) return;
  const { sealId, dataRoot } = side;
  const verdict = status === 'PASS' ? 'PASS' : 'FAIL';
  const writer = { command: 'reconcile', pid: env.pid, at: env.now().toISOString() };
  appendToJournal(paths.journal, writer, [
    { event: 'reconciled', sealId, dataRoot, verdict, ...about },
  ]);
}

/** Says so where nothing outside of the candidate vouches for its seal. */
function heldNotes({ options: { expectSeal, project }, folder, side: { sealId } }: Run): string[] {
  if (expectSeal !== null || isSealedHere({ folder, sealId, project })) return [];
  return [
    'the seal is consistent in itself only: give --expect-seal with the seal id that you keep elsewhere',
  ];
}

function incomparable(sealed: ModuleSide, reason: string): Incomparable {
  return { kind: 'incomparable', sealed, reason };
}

/** Finds the schema into which the seal was loaded. @throws Failure USAGE */
async function schemaOf({ target, side, adapter, env }: Run): Promise<string> {
  const found = await schemasOfSeal(target, adapter, side.sealId, env.signal);
  const [schema, ...others] = found;
  if (schema !== undefined && others.length === 0) return schema;
  const id = side.sealId.slice(0, 8);
  throw new Failure('USAGE', {
    what:
      schema === undefined
        ? `the target has no schema into which the seal ${id} was loaded`
        : `the target has several schemas into which the seal ${id} was loaded`,
    where: target.label,
    hint: 'load it with sealift load, or name the schema with --schema',
  });
}

/** Reads the secret key of a module's blinds; returns why it cannot be compared without, or null. */
function missingKey(
  { mapping, env }: Run,
  sealed: ModuleSide,
  secrets: Map<string, Uint8Array>,
): string | null {
  const blind = blindOf(mapping, sealed.module);
  if (blind === null) return null;
  try {
    secrets.set(blind, readSecretKey(blind, env.variables));
    return null;
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    const { what, hint } = error.toJSON();
    return hint === undefined ? what : `${what}: ${hint}`;
  }
}

function blindOf({ modules }: LoadedMapping, name: string): string | null {
  return modules.find(({ module }) => module === name)?.blind ?? null;
}

async function compareTable(
  { sealed, table }: FoundTable,
  context: ReconcileContext,
  { found, options }: Run,
): Promise<ComparedModule> {
  const { name } = table;
  const counts = { missing: 0, extra: 0, changed: 0 };
  const described = describer(sealed, name, context, (difference) => {
    counts[difference.kind] += 1;
    found.add(reconcileFinding(sealed, name, difference));
    if (options.showValues === null) return;
    valueLines(sealed.module, difference).forEach(options.showValues);
  });
  const { rows, differing } = await reconcileModule(sealed, name, context, (difference) =>
    described.add(difference),
  );
  await described.flush();
  return {
    module: sealed.module,
    sealed: sealedCount(sealed),
    rows,
    ...counts,
    ranges: differing.length,
    differing: differing.reduce((sum, one) => sum + one, 0),
    strip: stripOf(differing),
  };
}

function othersNotes(tables: readonly FoundTable[]): string[] {
  return tables.flatMap(({ table, others }) =>
    others.length === 0
      ? []
      : [`${table.name}: not compared, as it is not of the seal: ${others.join(', ')}`],
  );
}
