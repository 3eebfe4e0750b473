/** The module that worker threads run, and what they are given at their start. */

import type { WorkerStart } from '../run/environment.ts';
import { defineWorker, type WorkerModule } from '../threads/call.ts';

const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';

/** Named by the thread that starts workers, and by the module itself. */
export const WORKER: WorkerModule<WorkerStart> = defineWorker(
  new URL(`./worker.${extension}`, import.meta.url),
);
