/**
 * Writes the rows of one table in batches of about the same time: BEGIN, lock, COPY, progress, COMMIT.
 * The next rows are encoded while the server works on those before them.
 */

import { setTimeout as pause } from 'node:timers/promises';

import { Failure } from '../../outcome/failure.ts';
import type { Connection } from '../../postgres/connect.ts';
import { sqlState } from '../../postgres/connectionFailure.ts';
import { copyPlace, targetFailure } from '../../postgres/targetFailure.ts';
import type { Chunk, Progress, ReadBlob } from '../target.ts';
import { CopyError, copyInto, type CopyInto } from './copyInto.ts';
import { LineError, NulError, type BlobCell, type CopyFormat } from './copyText.ts';

export interface RowsInto {
  readonly connection: Connection;
  readonly module: string;
  /** Quoted, with its schema. */
  readonly table: string;
  readonly format: CopyFormat;
  /** Milliseconds of a batch. */
  readonly batchMs: number;
  readonly now: () => Date;
  readonly signal: AbortSignal;
  readonly readBlob: ReadBlob;
  /** Returns the statement that states this progress. */
  readonly progressOf: (progress: Progress) => string;
  /** Waits until standbys have caught up; between batches, without a transaction. */
  readonly beforeBatch: () => Promise<void>;
}

/** Writes all chunks; tells the progress of each batch once it is committed. */
export async function writeRows(
  into: RowsInto,
  chunks: AsyncIterable<Chunk>,
  onCommit: (progress: Progress) => void,
): Promise<void> {
  const { connection, module, table, format, now, batchMs } = into;
  const sql = `COPY ${table} (${format.columns.join(', ')}) FROM STDIN`;
  const iterator = chunks[Symbol.asyncIterator]();
  let next = await iterator.next();
  while (next.done !== true) {
    await into.beforeBatch();
    await lockedBy(into, `BEGIN; LOCK TABLE ${table} IN ROW EXCLUSIVE MODE`);
    const first = next.value.after.records - next.value.count;
    let { after } = next.value;
    try {
      const copy = copyInto(connection, sql);
      const until = now().getTime() + batchMs;
      do {
        await writeChunk(copy, next.value, into);
        ({ after } = next.value);
        next = await iterator.next();
      } while (next.done !== true && now().getTime() < until);
      await copy.end();
    } catch (error) {
      // The driver cannot tell the server that a copy is given up.
      connection.end();
      into.signal.throwIfAborted();
      if (!(error instanceof CopyError)) throw error;
      throw failureOfCopy(error.cause, first, connection.label, module);
    }
    await connection.query(`${into.progressOf(after)}; COMMIT`, module);
    onCommit(after);
  }
}

async function writeChunk(copy: CopyInto, chunk: Chunk, into: RowsInto): Promise<void> {
  for (const part of formatted(chunk, into)) {
    if (Buffer.isBuffer(part)) {
      if (part.length > 0) await copy.write(part);
      continue;
    }
    for (const piece of into.readBlob(into.module, part.sha256, part.size)) {
      await copy.write(Buffer.from(piece.toString('hex'), 'latin1'));
    }
  }
}

function formatted(
  { lines, count, after }: Chunk,
  { format, module }: RowsInto,
): readonly (Buffer | BlobCell)[] {
  try {
    return format.format(lines);
  } catch (error) {
    if (error instanceof LineError) {
      throw new Failure('CANDIDATE', {
        what: 'the candidate was changed while it was loaded',
        where: `module ${module}, records ${after.records - count + 1} to ${after.records}`,
        hint: 'find out what changed it; build it again with sealift migrate',
      });
    }
    if (!(error instanceof NulError)) throw error;
    const { field, line } = error;
    throw new Failure('TARGET', {
      what: 'a text has U+0000, which PostgreSQL cannot hold',
      where: `module ${module}, record ${after.records - count + 1 + line}, field ${JSON.stringify(field)}`,
      hint: 'remove it with a transform in the mapping, or load into SQLite; nothing of this batch was written',
    });
  }
}

/** Names module, record and field of what the server refused. */
function failureOfCopy(error: unknown, first: number, label: string, module: string): Failure {
  const place = copyPlace(error);
  const where = [label, `module ${module}`];
  if (place !== null) where.push(`record ${first + place.line}`);
  if (place?.column != null) where.push(`column ${JSON.stringify(place.column)}`);
  return targetFailure(error, where.join(', '));
}

const TRIES = 6;
const PAUSE_MS = 1000;
const LOCK_NOT_AVAILABLE = '55P03';

/** Runs a statement that waits for a lock no longer than the lock_timeout of the session, some times. */
export async function lockedBy(
  { connection, module, signal }: Pick<RowsInto, 'connection' | 'module' | 'signal'>,
  sql: string,
): Promise<void> {
  for (let tried = 1; ; tried += 1) {
    try {
      await connection.query(sql, module);
      return;
    } catch (error) {
      const isLocked = error instanceof Failure && sqlState(error.cause) === LOCK_NOT_AVAILABLE;
      if (!isLocked || tried === TRIES) throw error;
      await connection.query('ROLLBACK');
      await pause(PAUSE_MS, null, { signal });
    }
  }
}
