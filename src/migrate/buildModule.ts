/**
 * One module, from the source to sealed files: count → plan → read partitions into buckets → (ids of
 * records without key) → sort each bucket → write. The workers do the work, in bounded memory;
 * here it is put in order.
 */

import { ROWS_PER_RANGE } from '../run/rowsPerRange.ts';
import { join } from 'node:path';

import { makeNewFolder } from '../disk/durable.ts';
import { entriesOf, remove } from '../disk/noLinks.ts';
import type { Pool } from '../threads/pool.ts';
import { joinBuckets, type Bucket } from '../extsort/spill.ts';
import type { FindingStore } from '../findings/findingStore.ts';
import type { CompiledModule } from '../mapping/compile/module.ts';
import type { ProjectMapping } from '../mapping/model.ts';
import { Failure } from '../outcome/failure.ts';
import type { Finding } from '../outcome/finding.ts';
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
  bucketCount,
  ONE_BUCKET,
  sampledRouter,
  uniformRouter,
  type Router,
} from './sort/router.ts';
import type { RowSelection } from './select/rowSelection.ts';
import { countRows, locatedIn } from './rowsToRead.ts';
import { writeSorted } from './sort/writeSorted.ts';

export interface BuildContext {
  readonly pool: Pool;
  readonly source: PreparedSource;
  /** The candidate's staging folder, and a folder for spills; both private. */
  readonly staging: string;
  readonly scratch: string;
  readonly memory: MemoryPlan;
  readonly progress: Progress;
  readonly readOrder: ReadOrder;
  /** Throws as soon as a source is known to be damaged. */
  readonly assertSound: () => void;
  /** Which rows count. */
  readonly selection: RowSelection;
  /** What findings weigh. */
  readonly project: ProjectMapping;
  /** Gets one BLOCKER for each rejected cell or group of duplicates. */
  readonly findings: FindingStore;
  /**
   * Every row with a key enters, failing cells as null, equal keys side by side: for checks, never
   * to be sealed.
   */
  readonly provisional: boolean;
}

/** How a run stays within its memory, whatever the number of rows. */
export interface MemoryPlan {
  /** Bytes of entries that are sorted at once, per worker. */
  readonly bucketBytes: number;
  /** Bytes for the buckets' write buffers, per worker. */
  readonly spillBytes: number;
}

export interface BuiltModule {
  readonly written: WrittenModule;
  readonly accounting: ModuleAccounting;
  /** The table that locators are of: the module's own, the query's base, or the query. */
  readonly locatedIn: string;
  /** Provisional: the locator of each record's row, in the order of the data file. */
  readonly locators: BigInt64Array;
  /** A row may be that of several records: a query makes several of it. */
  readonly sharesRows: boolean;
  /** What was found of its rows as a whole, to be sealed: of no record in particular. */
  readonly onRows: readonly Finding[];
  /** What was found on rows of the records, and how often. */
  readonly diagnosed: readonly CountedDiagnosis[];
  /** Some rows have no place in the accounting: findings say which. It must not be sealed. */
  readonly unaccounted: boolean;
}

/** In large ranges as they come, or in small ones, the last first. */
export type ReadOrder = 'forward' | 'reverse';

/** Folder of key sets in scratch, which all modules are asked for. */
export const KEY_SETS = 'keys';

/** A prime, so that no range begins where another run's did. */
const ROWS_PER_REVERSED_RANGE = 997;
const SMALL = 20_000;
const MAX_BUCKETS = 1024;
/** A bucket this much larger than planned is split before it is sorted. */
const OVERSIZE = 3;
/** Where each chunk lies is kept in memory: small ones would take more than they save. */
const LEAST_CHUNK = 16 * 1024;

/** Shares `bytes` of memory among `workers`; a sorted bucket takes about four times its size. */
export function planMemory(bytes: number, workers: number): MemoryPlan {
  const each = bytes / 2 / (workers + 1);
  return {
    bucketBytes: Math.max(2 ** 20, Math.floor(Math.min(each / 5, 16 * 2 ** 20))),
    spillBytes: Math.max(2 ** 20, Math.floor(Math.min(each / 2, 16 * 2 ** 20))),
  };
}

/** Builds one module. Throws when the source's own count and the rows read differ. */
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
      // A source that changed says so better itself.
      await source.assertUnchanged();
      throw miscounted(module, rows, read);
    }
    let buckets = joinBuckets(partitions.map((partition) => partition.buckets));
    if (module.mapping.id.rule === 'keyless') {
      buckets = await assignIds(module, buckets, context);
    }
    const sized = await splitOversized(buckets, context);
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

/** Target ids of rule `uuid` are uniform; other keys are sampled where there are many. */
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
  const chunk = chunkFor(router, context);
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
    if (!isSound(context)) Atomics.store(new Int32Array(next), 0, ranges.length);
  }, 100);
  try {
    const read = await allEnded(calls);
    context.assertSound();
    return read;
  } finally {
    clearInterval(shown);
  }
}

/** Of a damaged source no more ranges are begun. */
export function isSound({ assertSound }: Pick<BuildContext, 'assertSound'>): boolean {
  try {
    assertSound();
    return true;
  } catch {
    return false;
  }
}

/** All results, or the first failure, after all calls have settled: no worker is still writing. */
async function allEnded<T>(calls: readonly Promise<T>[]): Promise<T[]> {
  await Promise.allSettled(calls);
  return Promise.all(calls);
}

function chunkFor(router: Router, context: BuildContext): number {
  const share = Math.floor(context.memory.spillBytes / bucketCount(router));
  return Math.min(256 * 1024, Math.max(LEAST_CHUNK, share));
}

async function assignIds(
  module: CompiledModule,
  buckets: readonly Bucket[],
  context: BuildContext,
): Promise<Bucket[]> {
  const router = uniformRouter(Math.max(1, buckets.length));
  const chunk = chunkFor(router, context);
  const scratch = join(context.scratch, 'equal');
  makeNewFolder(scratch);
  const sized = await splitOversized(buckets, { ...context, scratch });
  const parts = await allEnded(
    sized.map((bucket, index) =>
      context.pool.call(ASSIGN_ORDINALS, {
        module: module.name,
        bucket,
        // What could not be split holds one record many times.
        inTurn: isOversized(bucket, context),
        router,
        path: join(context.scratch, `ordinals-${index}`),
        chunk,
      }),
    ),
  );
  return joinBuckets(parts);
}

/** Buckets in key order, none much larger than planned (unless its keys are all equal). */
async function splitOversized(
  buckets: readonly Bucket[],
  context: BuildContext,
): Promise<Bucket[]> {
  const { bucketBytes } = context.memory;
  const result: Bucket[] = [];
  for (const [index, bucket] of buckets.entries()) {
    if (bucket.entries === 0) continue;
    if (!isOversized(bucket, context) || bucket.entries === 1) {
      result.push(bucket);
      continue;
    }
    const parts = Math.min(MAX_BUCKETS, Math.ceil(bucket.bytes / bucketBytes));
    const path = join(context.scratch, `split-${index}`);
    const chunk = Math.min(256 * 1024, Math.floor(context.memory.spillBytes / parts));
    const split = await context.pool.call(SPLIT_BUCKET, { bucket, parts, path, chunk });
    if (split.length === 1) {
      result.push(...split);
    } else {
      const inner = join(context.scratch, `inner-${index}`);
      makeNewFolder(inner);
      result.push(...(await splitOversized(split, { ...context, scratch: inner })));
    }
  }
  return result;
}

function isOversized({ bytes }: Bucket, { memory }: BuildContext): boolean {
  return bytes > memory.bucketBytes * OVERSIZE;
}

function cleanScratch(scratch: string): void {
  for (const { name } of entriesOf(scratch)) {
    // Copies of sources and key sets stay until the end of the run.
    if (!name.startsWith('source-') && name !== KEY_SETS) remove(join(scratch, name));
  }
}
