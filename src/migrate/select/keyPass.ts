/** Runs passes over the keys of a module's rows on all workers. */

import { ROWS_PER_RANGE } from '../../run/rowsPerRange.ts';
import { join } from 'node:path';

import { createKeySet } from '../../extsort/keySet.ts';
import { removeFile } from '../../disk/noLinks.ts';
import type { Pool } from '../../threads/pool.ts';
import type { CompiledModule } from '../../mapping/compile/module.ts';
import type { Mapping } from '../../mapping/model.ts';
import type { Progress } from '../../run/environment.ts';
import type { PreparedSource } from '../../source/source.ts';
import { isIntact } from '../buildModule.ts';
import { RUN_KEY_TASK, type KeyTask, type KeyTaskInput, type KeyTaskResult } from '../calls.ts';
import type { RowSelection } from './rowSelection.ts';

export interface PassContext {
  readonly mapping: Mapping;
  readonly pool: Pool;
  /** The source that holds a module's rows. */
  readonly sourceOf: (module: CompiledModule) => PreparedSource;
  /** Folder for key sets, which are kept while modules are built. */
  readonly folder: string;
  readonly progress: Progress;
  /** Throws as soon as a source is known to be damaged. */
  readonly assertIntact: () => void;
}

/** Labels of passes in the progress display; all other passes are for a sample. */
const LABELS: Readonly<Partial<Record<KeyTask['kind'], string>>> = {
  present: 'keys',
  filtered: 'filter',
  kept: 'filter',
  links: 'filter',
};

/** Runs a task over all rows of a module; returns the results of all workers. */
export async function runPass(
  module: CompiledModule,
  task: KeyTask,
  selection: RowSelection,
  context: PassContext,
): Promise<KeyTaskResult> {
  const { pool, sourceOf, progress, assertIntact } = context;
  const source = sourceOf(module);
  const ranges = await source.plan(module.table, ROWS_PER_RANGE);
  const input: KeyTaskInput = {
    module: module.name,
    task,
    selection,
    ranges,
    next: new SharedArrayBuffer(4),
    progress: new SharedArrayBuffer(4),
  };
  const label = LABELS[task.kind] ?? 'sample';
  // Rows of a query are not counted only for the display, as that may take any time.
  const rows = source.relations.has(module.table) ? 0 : await source.count(module.table);
  progress.begin(`${label} of ${module.name}`, rows);
  const read = new Int32Array(input.progress);
  const shown = setInterval(() => {
    progress.update(Atomics.load(read, 0));
    if (!isIntact(context)) Atomics.store(new Int32Array(input.next), 0, ranges.length);
  }, 100);
  const workers = Math.max(1, Math.min(pool.size, ranges.length));
  const calls = Array.from({ length: workers }, () => pool.call(RUN_KEY_TASK, input));
  try {
    // After all calls have ended, no worker is still writing.
    await Promise.allSettled(calls);
    const results = await Promise.all(calls);
    assertIntact();
    progress.update(Atomics.load(read, 0));
    return results.flat();
  } finally {
    clearInterval(shown);
    progress.end();
  }
}

/** Path of a key set of a module, named by the module's number. */
export function setPath({ mapping, folder }: PassContext, module: string, kind: string): string {
  const number = mapping.modules.findIndex((candidate) => candidate.module === module);
  return join(folder, `${kind}-${number}`);
}

/** Creates an empty set at `path`, replacing an existing one; returns `path`. */
export function freshSet(path: string): string {
  removeFile(path);
  createKeySet(path);
  return path;
}
