/** The module that worker threads run, and its start parameters. */

import type { WorkerStart } from '../run/environment.ts';
import { defineWorker, type WorkerModule } from '../threads/call.ts';

const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';

/** Used by the thread that starts workers, and by the module itself. */
export const WORKER: WorkerModule<WorkerStart> = defineWorker(
  new URL(`./worker.${extension}`, import.meta.url),
);
