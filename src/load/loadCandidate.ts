/**
 * Writes the records of a verified candidate to a target: tables, rows, constraints, and the count of
 * each table, which the target takes. What is there already of the same load is left as it is.
 */

import { counted } from '../outcome/counted.ts';
import { Failure } from '../outcome/failure.ts';
import type { Progress as Display } from '../run/environment.ts';
import { recordFile } from '../seal/candidateReader.ts';
import type { TableForm } from '../target/tableForm.ts';
import type { Chunk, Progress, Target, TargetProblem } from '../target/target.ts';
import { blobReader } from './blobContent.ts';
import { plainSize } from '../seal/files.ts';
import { limited, limitedPiece } from './rateLimit.ts';
import { PIECE, recordChunks } from './recordChunks.ts';

export interface LoadWork {
  /** Folder of the candidate. */
  readonly folder: string;
  readonly tables: readonly TableForm[];
  readonly rowsPerSecond: number | null;
  readonly display: Display;
  readonly now: () => Date;
  readonly signal: AbortSignal;
}

export interface Loaded {
  /** Records that this run has written. */
  readonly written: number;
  /** Records that a run before had written. */
  readonly before: number;
}

const NOTHING: Progress = { records: 0, offset: 0 };

/** Loads everything that is not loaded. A failure loses nothing: the next run goes on. */
export async function loadCandidate(target: Target, work: LoadWork): Promise<Loaded> {
  await target.begin();
  let written = 0;
  let before = 0;
  for (const module of target.order) {
    const table = work.tables.find((one) => one.module === module);
    if (table === undefined) throw new TypeError(`${module} is not loaded`);
    const from = progressOf(target, table.module);
    before += from.records;
    written += await loadModule(target, table, from, work);
  }
  await finish(target, work.display);
  await assertCounts(target, work.tables);
  await target.complete();
  return { written, before };
}

function progressOf({ state }: Target, module: string): Progress {
  return (state.kind === 'begun' ? state.progress.get(module) : undefined) ?? NOTHING;
}

/**
 * Returns all that does not fit, before anything is written; shows every record to what has to see it.
 */
export async function findProblems(target: Target, work: LoadWork): Promise<TargetProblem[]> {
  const found = [...target.problems];
  if (found.length > 0) return found;
  for (const [module, check] of target.passes) {
    const total = work.tables.find((table) => table.module === module)?.count ?? 0;
    const label = `fit of ${module}`;
    work.display.begin(label, total, { unit: 'record', group: module, counts: false });
    for await (const chunk of recordChunks(recordFile(work.folder, module), NOTHING)) {
      work.signal.throwIfAborted();
      check.see(chunk);
      work.display.update(chunk.after.records);
    }
    work.display.end();
    found.push(...check.problems());
  }
  return found;
}

async function loadModule(
  target: Target,
  { module, count }: TableForm,
  from: Progress,
  work: LoadWork,
): Promise<number> {
  const { folder, display } = work;
  if (from.records > count) throw otherRecords(target.label, module);
  const { records: before } = from;
  display.begin(module, count, { unit: 'record', group: module, counts: true, before });
  display.update(before, from.offset);
  let last = from;
  const chunks = chunksOf(recordFile(folder, module), from, count, work);
  await target.write(module, counting(chunks, work.display), blobReader(folder), (progress) => {
    last = progress;
  });
  display.end();
  if (last.records !== count) throw otherRecords(target.label, module);
  return last.records - from.records;
}

/** Reads the records of a module no faster than they may be written. */
function chunksOf(
  path: string,
  from: Progress,
  count: number,
  { rowsPerSecond, now, signal }: LoadWork,
): AsyncGenerator<Chunk> {
  if (rowsPerSecond === null) return recordChunks(path, from);
  const piece = Math.min(PIECE, limitedPiece(plainSize(path), count, rowsPerSecond));
  return limited(recordChunks(path, from, piece), rowsPerSecond, now, signal);
}

async function* counting(chunks: AsyncIterable<Chunk>, display: Display): AsyncGenerator<Chunk> {
  for await (const chunk of chunks) {
    yield chunk;
    display.update(chunk.after.records, chunk.after.offset);
  }
}

async function finish(target: Target, display: Display): Promise<void> {
  const steps = await target.finishSteps();
  display.begin('constraints', steps.length, { unit: 'step' });
  for (const [done, step] of steps.entries()) {
    await step.run();
    display.update(done + 1);
  }
  display.end();
}

async function assertCounts(target: Target, tables: readonly TableForm[]): Promise<void> {
  for (const { module, count } of tables) {
    const found = await target.count(module);
    if (found === count) continue;
    throw new Failure('TARGET', {
      what: `the table has ${counted(found, 'row')} of this load, and the seal ${counted(count, 'record')}`,
      where: `${target.label}, table ${JSON.stringify(module)}`,
      hint: 'find out what wrote there; it is not complete, so load it anew',
    });
  }
}

function otherRecords(label: string, module: string): Failure {
  return new Failure('TARGET', {
    what: 'the progress in the ledger of the target does not fit the seal',
    where: `${label}, module ${module}`,
    hint: 'find out what changed the ledger, and load anew',
  });
}
