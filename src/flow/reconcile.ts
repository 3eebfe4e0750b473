/**
 * reconcile: reads a target back, in one snapshot and in any order, and compares it record by record
 * with the seal of the candidate that was loaded into it. Needs no legacy source.
 */

import { join } from 'node:path';

import { openScratch } from '../disk/scratch.ts';
import { makeNewFolder } from '../disk/durable.ts';
import type { FindingStore } from '../findings/findingStore.ts';
import { loadMapping, type LoadedMapping } from '../mapping/loadMapping.ts';
import { readSecretKey } from '../mapping/secretKey.ts';
import { counted } from '../outcome/counted.ts';
import { Failure } from '../outcome/failure.ts';
import { checkOutcome, type Outcome } from '../outcome/outcome.ts';
import { CLOSE_SOURCES, OPEN_SOURCE } from '../project/calls.ts';
import { candidateNamed } from '../project/candidateNamed.ts';
import { TIMEOUTS } from '../project/sources.ts';
import { adapterOf, parseSourceUrl } from '../project/sourceUrl.ts';
import { describer } from '../reconcile/describeDifferences.ts';
import { locateTable, schemasOfSeal, type FoundTable } from '../reconcile/locateTables.ts';
import {
  incomparableFinding,
  reconcileFinding,
  valueLines,
} from '../reconcile/reconcileFinding.ts';
import { reconcileModule, type ReconcileContext } from '../reconcile/reconcileModule.ts';
import { TARGET, targetMapping } from '../reconcile/targetMapping.ts';
import { forBuffers, planMemory } from '../run/budget.ts';
import type { Environment } from '../run/environment.ts';
import { workersFor, type Workers } from '../run/workers.ts';
import { openModule, type ModuleSide } from '../seal/opened/moduleSide.ts';
import { openSide, type Side } from '../seal/opened/side.ts';
import { statedSealId } from '../seal/sealedFolders.ts';
import type { PreparedSource, SourceAdapter } from '../source/source.ts';

export interface ReconcileOptions {
  readonly project: string;
  /** Folder to which paths on the command line are relative. */
  readonly cwd: string;
  /** URL of the target. */
  readonly target: string;
  /** Schema with the tables; null for that of the seal. */
  readonly schema: string | null;
  /** A name for candidateNamed. */
  readonly candidate: string;
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
  const folder = candidateNamed(options.candidate, options.project, options.cwd);
  const side = openSealed(folder);
  const mapping = await sealedMapping(folder, side);
  const since = env.now().toISOString();
  const scratch = openScratch(env.temporary, { command: 'reconcile', pid: env.pid, since });
  const forget = env.onInterrupt(scratch.drop);
  try {
    const location = parseSourceUrl(options.target, options.cwd, env, '--target');
    const copies = join(scratch.path, 'target');
    makeNewFolder(copies);
    const { variables, signal } = env;
    const adapter = adapterOf(location, env);
    const target = await adapter.prepare(location, {
      scratch: copies,
      variables,
      timeouts: TIMEOUTS,
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

function openSealed(folder: string): Side {
  const side = openSide(null, folder, { read: 0, total: 0 });
  const stated = statedSealId(folder);
  if (stated === null || stated === side.sealId) return side;
  throw new Failure('CANDIDATE', {
    what: "the seal id of the candidate differs from the one in its folder's name",
    where: folder,
    hint: 'the folder was replaced with another candidate; name the one that was loaded',
  });
}

/** Loads the sealed mapping, for the ids of secret keys. @throws Failure CANDIDATE */
async function sealedMapping(folder: string, side: Side): Promise<LoadedMapping> {
  const mapping = await loadMapping(folder, { sealed: true });
  for (const { name, sha256 } of mapping.files) {
    if (side.sums.get(`mapping/${name}`) === sha256) continue;
    throw new Failure('CANDIDATE', {
      what: 'the candidate does not verify, a file of its mapping is not the sealed one',
      where: join(folder, 'mapping', name),
      hint: 'run sealift verify-checksums --candidate DIR for details',
    });
  }
  return mapping;
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

interface Tally {
  readonly module: string;
  readonly sealed: number;
  readonly rows: number;
  readonly missing: number;
  readonly extra: number;
  readonly changed: number;
  readonly differing: Uint8Array;
}

async function compared(run: Run): Promise<Outcome> {
  const { options, env, found, side, mapping, target, folder } = run;
  const schema = options.schema ?? schemaOf(run);
  const modules = [...side.modules.keys()].map((module) => openModule(side, module));
  const secrets = new Map<string, Uint8Array>();
  const tables: FoundTable[] = [];
  for (const sealed of modules) {
    const located = locateTable(sealed, target.schema, schema, run.adapter.declared);
    const why = located.kind === 'found' ? missingKey(run, sealed, secrets) : located.reason;
    if (why === null && located.kind === 'found') tables.push(located);
    else found.add(incomparableFinding(sealed.module, why ?? ''));
  }
  const read = tables.map(({ sealed, table, columns }) => ({
    sealed,
    table: table.name,
    columns,
    blind: blindOf(mapping, sealed.module),
  }));
  const workers = workersFor(options.workers, target.estimatedBytes, env);
  const pool = env.startWorkers(workers, {
    mapping: targetMapping(read, mapping.project),
    secrets,
  });
  const tallies: Tally[] = [];
  try {
    await target.inOneSnapshot((source) => pool.callEach(OPEN_SOURCE, { name: TARGET, source }));
    const memory = planMemory(forBuffers(options.memory, pool.size), pool.size);
    const { progress } = env;
    const context: ReconcileContext = { pool, target, scratch: run.scratch, memory, progress };
    for (const { sealed, table } of tables) {
      tallies.push(await compareTable(sealed, table.name, context, run));
    }
    await pool.callEach(CLOSE_SOURCES, null);
    await target.assertUnchanged();
  } finally {
    await pool.close();
  }
  if (tallies.every(({ rows }) => rows === 0)) {
    const reason = 'the target holds no row of the seal, so nothing was proven';
    found.add({ rule: 'empty', severity: 'BLOCKER', reason });
  }
  const records = tallies.reduce((sum, { rows }) => sum + rows, 0);
  return checkOutcome({
    command: 'reconcile',
    sealId: side.sealId,
    dataRoot: side.dataRoot,
    candidate: folder,
    modules: [],
    findings: found.list,
    checked: { checks: ['reconcile'], records, references: 0, lowered: [] },
    facts: {
      target: target.label,
      schema,
      modules: tallies.map(({ differing, ...tally }) => ({ ...tally, ranges: stripOf(differing) })),
    },
    notes: [
      `target ${target.label}${schema === '' ? '' : `, schema ${schema}`}`,
      ...tallies.map(lineOf),
      ...othersNotes(tables),
      ...(target.notes ?? []),
    ],
  });
}

/** Finds the schema into which the seal was loaded. @throws Failure USAGE */
function schemaOf({ target, side }: Run): string {
  const [schema, ...others] = schemasOfSeal(target.schema, side.sealId);
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
  sealed: ModuleSide,
  table: string,
  context: ReconcileContext,
  { found, options }: Run,
): Promise<Tally> {
  const counts = { missing: 0, extra: 0, changed: 0 };
  const described = describer(sealed, table, context, (difference) => {
    counts[difference.kind] += 1;
    found.add(reconcileFinding(sealed, table, difference));
    if (options.showValues === null) return;
    valueLines(sealed.module, difference).forEach(options.showValues);
  });
  const { rows, differing } = await reconcileModule(sealed, table, context, (difference) =>
    described.add(difference),
  );
  await described.flush();
  const count = sealed.side.modules.get(sealed.module)?.count ?? 0;
  return { module: sealed.module, sealed: count, rows, ...counts, differing };
}

function lineOf({ module, sealed, rows, missing, extra, changed, differing }: Tally): string {
  const about = `${module}: ${counted(sealed, 'sealed record')}, ${counted(rows, 'row')} in the target`;
  if (missing + extra + changed === 0) return `${about}, all equal`;
  const apart = differing.reduce((sum, one) => sum + one, 0);
  const ranges = `in ${apart} of ${counted(differing.length, 'range')}`;
  return `${about}; ${missing} missing, ${extra} extra, ${changed} changed, ${ranges}`;
}

function othersNotes(tables: readonly FoundTable[]): string[] {
  return tables.flatMap(({ table, others }) =>
    others.length === 0
      ? []
      : [`${table.name}: not compared, as it is not of the seal: ${others.join(', ')}`],
  );
}

/** The most cells of a strip. */
const CELLS = 200;

/** Condenses the ranges of a module into a strip, in which a cell is 1 if one of its ranges differs. */
function stripOf(differing: Uint8Array): number[] {
  const cells = Math.min(CELLS, differing.length);
  return Array.from({ length: cells }, (_, at) => {
    const from = Math.floor((at * differing.length) / cells);
    const to = Math.floor(((at + 1) * differing.length) / cells);
    return differing.subarray(from, to).includes(1) ? 1 : 0;
  });
}
