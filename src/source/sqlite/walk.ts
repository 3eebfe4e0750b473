/**
 * Walks a whole table while a source is prepared: to count its rows, and to split it into ranges.
 * For a large database this runs in a separate thread, as SQLite cannot be interrupted: the main
 * thread stays free for signals and for messages of the integrity check.
 */

import { Worker } from 'node:worker_threads';

import { Failure } from '../../outcome/failure.ts';
import { translated, type Access, type Connection } from './connection.ts';
import { countRows } from './count.ts';
import { tableAccess } from './tableAccess.ts';
import { planRanges, type RowidRange } from './rangePlan.ts';
import type { WalkAnswer } from './walkThread.ts';

export type Walk =
  | { readonly kind: 'count'; readonly table: string }
  /** Ranges of about `rows` rows that cover the table. */
  | { readonly kind: 'plan'; readonly table: string; readonly all: number; readonly rows: number };

export interface Walked {
  readonly rows: number;
  readonly ranges: readonly RowidRange[];
}

export interface WalkData {
  readonly access: Access;
  readonly walk: Walk;
}

/** From this size on, in bytes, a walk may take long. */
const LARGE = 256 * 2 ** 20;

/** Walks in the snapshot of `db`. @throws Failure SOURCE_FORMAT if the table is damaged */
export function walkTable(db: Connection, access: Access, walk: Walk): Walked {
  const { table } = walk;
  if (walk.kind === 'count') return { rows: countRows(db, access, table), ranges: [] };
  const { rows } = tableAccess(db, access, table);
  const ranges = translated(access, table, () => planRanges(db, access, table, rows, walk));
  return { rows: walk.all, ranges };
}

/**
 * Walks in a separate thread if the database is large. A database that other processes write to has
 * its snapshot in this connection only, and is walked here.
 */
export async function walkApart(
  db: Connection,
  access: Access,
  bytes: number,
  walk: Walk,
): Promise<Walked> {
  if (bytes < LARGE || access.kind === 'live') return walkTable(db, access, walk);
  return inThread({ access, walk });
}

/** Walks in a thread, with a connection of its own. */
export function inThread(data: WalkData): Promise<Walked> {
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  const worker = new Worker(new URL(`./walkThread.${extension}`, import.meta.url), {
    workerData: data,
  });
  return new Promise((resolve, reject) => {
    worker.once('message', (answer: WalkAnswer) => {
      if ('walked' in answer) resolve(answer.walked);
      else reject(Failure.revive(answer.failure));
    });
    worker.once('error', reject);
    worker.once('exit', () => {
      reject(new Error('a thread ended without an answer'));
    });
  });
}
