/**
 * One module, from the source to sealed files: count → plan → read shares into buckets → (ids of
 * records without key) → sort each bucket → write. The workers do the work, in bounded memory;
 * here it is put in order.
 */

import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import type { Pool } from '../disk/pool.ts';
import { joinBuckets, type Bucket } from '../disk/spill.ts';
import type { CompiledModule } from '../mapping/compile.ts';
import { Failure } from '../outcome/failure.ts';
import type { Finding } from '../outcome/finding.ts';
import type { ModuleAccounting } from '../seal/format.ts';
import { moduleWriter, type ModuleWriter, type WrittenModule } from '../seal/moduleWriter.ts';
import type { PreparedSource, ReadRange } from '../source/source.ts';
import { dropUnusedBlobs } from './dropUnusedBlobs.ts';
import { inOrder } from '../disk/inOrder.ts';
import type { ShareResult } from './readShare.ts';
import { bucketCount, ONE_BUCKET, sampledRouter, uniformRouter, type Router } from './router.ts';
import type { SortedBucket } from './sortBucket.ts';
import type { Sample } from './worker.ts';

export interface BuildContext {
  readonly pool: Pool;
  readonly source: PreparedSource;
  /** The candidate's staging folder, and a folder for spills; both private. */
  readonly staging: string;
  readonly scratch: string;
  readonly memory: MemoryPlan;
  readonly progress: StepProgress;
  /**
   * Every row with a key enters, failing cells as null, equal keys side by side: for checks, never
   * to be sealed.
   */
  readonly provisional: boolean;
}

/** What a build shows of itself. */
export interface StepProgress {
  begin(label: string, total: number): void;
  update(done: number): void;
  end(): void;
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
  /** One BLOCKER for each rejected cell or group of duplicates; long lists are cut. */
  readonly findings: readonly Finding[];
  /** Provisional: the row of each record, in the order of the data file. */
  readonly rows: BigInt64Array;
}

const ROWS_PER_RANGE = 65_536;
const SMALL = 20_000;
const MAX_BUCKETS = 1024;
/** A bucket this much larger than planned is split before it is sorted. */
const OVERSIZE = 3;

/** Shares `bytes` of memory among `workers`; a sorted bucket takes about four times its size. */
export function planMemory(bytes: number, workers: number): MemoryPlan {
  const each = bytes / 2 / (workers + 1);
  return {
    bucketBytes: Math.max(2 ** 20, Math.floor(Math.min(each / 5, 16 * 2 ** 20))),
    spillBytes: Math.max(2 ** 20, Math.floor(Math.min(each / 2, 128 * 2 ** 20))),
  };
}

/** Builds one module. Throws when the source's own count and the rows read differ. */
export async function buildModule(
  module: CompiledModule,
  context: BuildContext,
): Promise<BuiltModule> {
  const { source } = context;
  const rows = await source.count(module.table);
  context.progress.begin(module.name, rows);
  const ranges = await source.plan(module.table, ROWS_PER_RANGE);
  const router = await chooseRouter(module, ranges, rows, context);
  const writer = await moduleWriter(context.staging, module);
  try {
    const shares = await readAll(module, ranges, router, writer.blobs, context);
    const read = sum(shares, (share) => share.read);
    if (read !== rows) {
      // A source that changed says so better itself.
      await source.assertUnchanged();
      throw miscounted(module, rows, read);
    }
    let buckets = joinBuckets(shares.map((share) => share.buckets));
    if (module.mapping.id.rule === 'keyless') {
      buckets = await assignIds(module, buckets, context);
    }
    const ordered = await splitOversized(buckets, context);
    const { duplicates, rows: origins } = await sortAll(module, ordered, writer, context);
    if (duplicates.length > 0) await dropUnusedBlobs(join(context.staging, module.name), module);
    const written = await writer.finish();
    cleanScratch(context.scratch);
    context.progress.update(rows);
    context.progress.end();
    const entered = sum(shares, (share) => share.entered) - sum(duplicates, memberCount);
    const findings = [...shares.flatMap((share) => share.findings), ...duplicates];
    if (shares.some((share) => share.cut)) findings.push(incomplete(module));
    const accounting = account(module, rows, entered, written);
    return { written, accounting, findings, rows: origins };
  } catch (error) {
    await writer.abandon();
    throw error;
  }
}

/** A list that was cut must not pass for a whole one. */
function incomplete(module: CompiledModule): Finding {
  const reason = 'there are more findings in this module than are listed: mend these first';
  return { rule: 'accounting', severity: 'BLOCKER', module: module.name, reason };
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

function account(
  module: CompiledModule,
  rows: number,
  entered: number,
  written: WrittenModule,
): ModuleAccounting {
  const records = written.sealed.count;
  if (records !== entered) {
    throw new Error(`${module.name}: of ${entered} entries ${records} records were written`);
  }
  const rejected = rows - records;
  return {
    module: module.name,
    source: module.source,
    table: module.table,
    rows,
    emitting: records,
    filtered: 0,
    rejected,
    emitted: records,
    merged: 0,
    records,
  };
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
  const sample = await context.pool.call<Sample>('sample', {
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
): Promise<ShareResult[]> {
  const next = new SharedArrayBuffer(4);
  const done = new SharedArrayBuffer(4);
  const shares = Math.max(1, Math.min(context.pool.size, ranges.length));
  const chunk = chunkFor(router, context);
  const calls = Array.from({ length: shares }, (_, index) =>
    context.pool.call<ShareResult>('read', {
      module: module.name,
      ranges,
      next,
      progress: done,
      router,
      spill: join(context.scratch, `read-${index}`),
      chunk,
      blobs,
      provisional: context.provisional,
    }),
  );
  const shown = setInterval(() => {
    context.progress.update(Atomics.load(new Int32Array(done), 0));
  }, 100);
  try {
    return await allEnded(calls);
  } finally {
    clearInterval(shown);
  }
}

/** All results, or the first failure once every call has ended: nobody writes behind our back. */
async function allEnded<T>(calls: readonly Promise<T>[]): Promise<T[]> {
  await Promise.allSettled(calls);
  return Promise.all(calls);
}

function chunkFor(router: Router, context: BuildContext): number {
  const share = Math.floor(context.memory.spillBytes / bucketCount(router));
  return Math.min(256 * 1024, Math.max(4096, share));
}

async function assignIds(
  module: CompiledModule,
  buckets: readonly Bucket[],
  context: BuildContext,
): Promise<Bucket[]> {
  const router = uniformRouter(Math.max(1, buckets.length));
  const chunk = chunkFor(router, context);
  const parts = await allEnded(
    buckets.map((bucket, index) =>
      context.pool.call<Bucket[]>('ordinals', {
        module: module.name,
        bucket,
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
    if (bucket.bytes <= bucketBytes * OVERSIZE || bucket.entries === 1) {
      result.push(bucket);
      continue;
    }
    const parts = Math.min(MAX_BUCKETS, Math.ceil(bucket.bytes / bucketBytes));
    const path = join(context.scratch, `split-${index}`);
    const chunk = Math.min(256 * 1024, Math.floor(context.memory.spillBytes / parts));
    const split = await context.pool.call<Bucket[]>('split', { bucket, parts, path, chunk });
    if (split.length === 1) {
      result.push(...split);
    } else {
      const inner = join(context.scratch, `inner-${index}`);
      mkdirSync(inner);
      result.push(...(await splitOversized(split, { ...context, scratch: inner })));
    }
  }
  return result;
}

/** Sorts the buckets on all workers and writes them in order; the findings are the duplicates. */
async function sortAll(
  module: CompiledModule,
  buckets: readonly Bucket[],
  writer: ModuleWriter,
  { pool, provisional }: BuildContext,
): Promise<{ duplicates: Finding[]; rows: BigInt64Array }> {
  const duplicates: Finding[] = [];
  const rows: BigInt64Array[] = [];
  const sorted = inOrder(buckets, pool.size + 1, (bucket) =>
    pool.call<SortedBucket>('sort', { bucket, provisional }),
  );
  for await (const part of sorted) {
    const bytes = asBuffer(part.data).subarray(1);
    writer.write({ bytes, leaves: asBuffer(part.leaves), ends: part.ends }, asBuffer(part.lineage));
    if (part.rows !== null) rows.push(part.rows);
    for (const group of part.duplicates) {
      duplicates.push({
        rule: 'key-duplicate',
        severity: 'BLOCKER',
        module: module.name,
        members: group.map((row) => ({ table: module.table, row })),
        reason: `${group.length} rows have the same key; none of them is taken`,
      });
    }
  }
  return { duplicates, rows: joined(rows) };
}

/** A buffer that crossed a thread comes back as a plain array of bytes. */
function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function cleanScratch(scratch: string): void {
  for (const name of readdirSync(scratch)) {
    // Copies of sources stay until the end of the run.
    if (!name.startsWith('source-')) rmSync(join(scratch, name), { recursive: true });
  }
}

function joined(parts: readonly BigInt64Array[]): BigInt64Array {
  const whole = new BigInt64Array(sum(parts, (part) => part.length));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
