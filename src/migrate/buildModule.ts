/**
 * Builds one module, from the source to sealed files: count → plan → read partitions into buckets →
 * (ids of records without key) → sort each bucket → write. This module only coordinates the
 * workers, which do the work in bounded memory.
 */

import { ROWS_PER_RANGE } from '../run/rowsPerRange.ts';
import { join } from 'node:path';

import { makeNewFolder } from '../disk/durable.ts';
import { entriesOf, remove } from '../disk/noLinks.ts';
import type { Pool } from '../threads/pool.ts';
import { joinBuckets, type Bucket } from '../extsort/spill.ts';
import {
  isOversized,
  splitOversized,
  type SortMemory,
  type SplitInput,
} from '../extsort/splitBucket.ts';
import type { FindingStore } from '../findings/findingStore.ts';
import type { CompiledModule } from '../mapping/compile/module.ts';
import type { ProjectMapping } from '../mapping/model.ts';
import { Failure } from '../outcome/failure.ts';
import type { Finding } from '../outcome/finding.ts';
import { chunkFor } from '../run/budget.ts';
import type { Progress } from '../run/environment.ts';
import type { ModuleAccounting } from '../seal/format.ts';
import { moduleWriter, type WrittenModule } from '../seal/moduleWriter.ts';
import type { PreparedSource, ReadRange } from '../source/source.ts';
import {
  ASSIGN_ORDINALS,
  READ_PARTITION,
  SAMPLE_ROWS,
  SPLIT_BUCKET,
  type CountedDiagnosis,
  type PartitionResult,
} from './calls.ts';
import { account, isOneToOne, multiplied, unaccounted } from './accounting.ts';
import { dropUnusedBlobs } from './dropUnusedBlobs.ts';
import {
  MAX_BUCKETS,
  ONE_BUCKET,
  sampledRouter,
  uniformRouter,
  type Router,
} from '../extsort/router.ts';
import type { RowSelection } from './select/rowSelection.ts';
import { countRows, locatedIn } from './rowsToRead.ts';
import { writeSorted } from './sort/writeSorted.ts';

export interface BuildContext {
  readonly pool: Pool;
  readonly source: PreparedSource;
  /** The candidate's staging folder, and a folder for spills; both private. */
  readonly staging: string;
  readonly scratch: string;
  readonly memory: SortMemory;
  readonly progress: Progress;
  readonly readOrder: ReadOrder;
  /** Throws as soon as a source is known to be damaged. */
  readonly assertIntact: () => void;
  /** Selects the rows that count. */
  readonly selection: RowSelection;
  /** Sets the severities of findings. */
  readonly project: ProjectMapping;
  /** Gets one BLOCKER for each rejected cell or group of duplicates. */
  readonly findings: FindingStore;
  /**
   * Whether every row with a key enters, with rejected cells as null and equal keys side by side.
   * Such a module is for checks only and must not be sealed.
   */
  readonly provisional: boolean;
}

export interface BuiltModule {
  readonly written: WrittenModule;
  readonly accounting: ModuleAccounting;
  /** The table that locators refer to: the module's own, the query's base, or the query. */
  readonly locatedIn: string;
  /** Provisional: the locator of each record's row, in the order of the data file. */
  readonly locators: BigInt64Array;
  /** Whether several records may have the same row, since a query multiplies rows. */
  readonly sharesRows: boolean;
  /** Findings on the rows as a whole rather than on a record; they are sealed. */
  readonly onRows: readonly Finding[];
  /** Diagnoses of the records' rows, with their numbers. */
  readonly diagnosed: readonly CountedDiagnosis[];
  /** Whether rows are missing in the accounting, see the findings. Must not be sealed then. */
  readonly unaccounted: boolean;
}

/** The order of reading: large ranges in order, or small ranges in reverse. */
export type ReadOrder = 'forward' | 'reverse';

/** Folder of key sets in scratch, which builds of all modules use. */
export const KEY_SETS = 'keys';

/** A prime, so that ranges begin at other rows than in a forward run. */
const ROWS_PER_REVERSED_RANGE = 997;
const SMALL = 20_000;

/**
 * Builds one module.
 * @throws Failure SOURCE_CHANGED if the source's count and the number of rows read differ
 */
export async function buildModule(
  module: CompiledModule,
  context: BuildContext,
): Promise<BuiltModule> {
  const { source } = context;
  const { rows, base } = await countRows(module, context);
  context.progress.begin(module.name, rows);
  const ranges = await planRanges(module, context);
  const router = await chooseRouter(module, ranges, rows, context);
  const writer = moduleWriter(context.staging, module, context.pool);
  try {
    const partitions = await readAll(module, ranges, router, writer.blobs, context);
    const read = sum(partitions, (partition) => partition.read);
    if (read !== rows) {
      // A source that has changed reports that with its own, clearer failure.
      await source.assertUnchanged();
      throw miscounted(module, rows, read);
    }
    let buckets = joinBuckets(partitions.map((partition) => partition.buckets));
    if (module.mapping.id.rule === 'keyless') {
      buckets = await assignIds(module, buckets, context);
    }
    const sized = await splitOversized(buckets, context, splitIn(context));
    const sorted = await writeSorted(module, sized, writer, context);
    const { duplicates, merged } = sorted;
    if (duplicates.length > 0) await dropUnusedBlobs(join(context.staging, module.name), module);
    const written = await writer.finish();
    cleanScratch(context.scratch);
    context.progress.update(rows);
    context.progress.end();
    const emitting =
      sum(partitions, (partition) => partition.entered) - sum(duplicates, memberCount);
    const filtered = sum(partitions, (partition) => partition.filtered);
    for (const { findings } of partitions) context.findings.adopt(findings);
    for (const group of duplicates) context.findings.add(group);
    const sampled = context.selection.chosen !== null;
    const counts = { rows, filtered, emitting, merged, base: base?.counts ?? null, sampled };
    const faults = unaccounted(module, counts);
    for (const fault of faults) context.findings.add(fault);
    const onRows = multiplied(module, counts, context.project);
    for (const finding of onRows) context.findings.add(finding);
    const table = locatedIn(module, source);
    return {
      written,
      accounting: account(module, counts, written),
      locatedIn: table,
      locators: sorted.locators,
      sharesRows: table !== module.table && counts.base !== null && !isOneToOne(counts.base),
      onRows,
      diagnosed: sorted.diagnosed,
      unaccounted: faults.length > 0,
    };
  } catch (error) {
    writer.abandon();
    throw error;
  }
}

async function planRanges(
  module: CompiledModule,
  { source, readOrder }: BuildContext,
): Promise<ReadRange[]> {
  if (readOrder === 'forward') return source.plan(module.table, ROWS_PER_RANGE);
  return (await source.plan(module.table, ROWS_PER_REVERSED_RANGE)).reverse();
}

function sum<T>(items: readonly T[], of: (item: T) => number): number {
  return items.reduce((total, item) => total + of(item), 0);
}

function memberCount(finding: Finding): number {
  return finding.members?.length ?? 0;
}

function miscounted(module: CompiledModule, counted: number, read: number): Failure {
  return new Failure('SOURCE_CHANGED', {
    what: `the source counts ${counted} rows, but ${read} were read`,
    where: `table ${JSON.stringify(module.table)}`,
    hint: 'check the database for damage (an index that disagrees with its table), then run again',
  });
}

/** Target ids of rule `uuid` are uniform; for many rows with other keys, keys are sampled. */
async function chooseRouter(
  module: CompiledModule,
  ranges: readonly ReadRange[],
  rows: number,
  context: BuildContext,
): Promise<Router> {
  if (rows <= SMALL) return ONE_BUCKET;
  const step = Math.max(1, Math.floor(ranges.length / 64));
  const sample = await context.pool.call(SAMPLE_ROWS, {
    module: module.name,
    ranges: ranges.filter((_, index) => index % step === 0),
    rowsPerRange: 64,
  });
  const bytes = (rows * Math.max(64, sample.bytes)) / Math.max(1, sample.rows);
  const wanted = Math.ceil(bytes / context.memory.bucketBytes);
  const buckets = Math.min(MAX_BUCKETS, Math.max(context.pool.size, wanted));
  const { rule } = module.mapping.id;
  if (rule === 'uuid' || rule === 'keyless') return uniformRouter(buckets);
  return sampledRouter(sample.keys, buckets);
}

async function readAll(
  module: CompiledModule,
  ranges: readonly ReadRange[],
  router: Router,
  blobs: string,
  context: BuildContext,
): Promise<PartitionResult[]> {
  const next = new SharedArrayBuffer(4);
  const done = new SharedArrayBuffer(4);
  const partitions = Math.max(1, Math.min(context.pool.size, ranges.length));
  const chunk = chunkFor(router, context.memory);
  const calls = Array.from({ length: partitions }, (_, index) =>
    context.pool.call(READ_PARTITION, {
      module: module.name,
      ranges,
      next,
      progress: done,
      router,
      spill: join(context.scratch, `read-${index}`),
      chunk,
      blobs,
      selection: context.selection,
      provisional: context.provisional,
      locatedIn: locatedIn(module, context.source),
      findings: context.findings.share(context.scratch),
    }),
  );
  const shown = setInterval(() => {
    context.progress.update(Atomics.load(new Int32Array(done), 0));
    if (!isIntact(context)) Atomics.store(new Int32Array(next), 0, ranges.length);
  }, 100);
  try {
    const read = await allEnded(calls);
    context.assertIntact();
    return read;
  } finally {
    clearInterval(shown);
  }
}

/** Whether no source is known to be damaged; otherwise no further range is read. */
export function isIntact({ assertIntact }: Pick<BuildContext, 'assertIntact'>): boolean {
  try {
    assertIntact();
    return true;
  } catch {
    return false;
  }
}

/** Returns all results or throws the first failure, after all calls have ended. */
async function allEnded<T>(calls: readonly Promise<T>[]): Promise<T[]> {
  await Promise.allSettled(calls);
  return Promise.all(calls);
}

async function assignIds(
  module: CompiledModule,
  buckets: readonly Bucket[],
  context: BuildContext,
): Promise<Bucket[]> {
  const router = uniformRouter(Math.max(1, buckets.length));
  const chunk = chunkFor(router, context.memory);
  const scratch = join(context.scratch, 'equal');
  makeNewFolder(scratch);
  const sized = await splitOversized(buckets, { ...context, scratch }, splitIn(context));
  const parts = await allEnded(
    sized.map((bucket, index) =>
      context.pool.call(ASSIGN_ORDINALS, {
        module: module.name,
        bucket,
        // A bucket that could not be split holds one record many times.
        inTurn: isOversized(bucket, context.memory),
        router,
        path: join(context.scratch, `ordinals-${index}`),
        chunk,
      }),
    ),
  );
  return joinBuckets(parts);
}

function splitIn({ pool }: BuildContext): (input: SplitInput) => Promise<Bucket[]> {
  return (input) => pool.call(SPLIT_BUCKET, input);
}

function cleanScratch(scratch: string): void {
  for (const { name } of entriesOf(scratch)) {
    // Copies of sources and key sets stay until the end of the run.
    if (!name.startsWith('source-') && name !== KEY_SETS) remove(join(scratch, name));
  }
}
