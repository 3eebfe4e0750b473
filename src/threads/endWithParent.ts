/**
 * Ends a process with the one that has started it, also in the middle of what cannot be interrupted, in which
 * no message is read.
 */

import { Worker } from 'node:worker_threads';

const ORPHAN_LOOK_MS = 1000;

/** Begins to watch; costs a thread. */
export function endWithParent(): void {
  const watch = new Worker(
    `const parent = ${process.ppid};
     setInterval(() => {
       if (process.ppid !== parent) process.kill(process.pid, 'SIGKILL');
     }, ${ORPHAN_LOOK_MS});`,
    { eval: true },
  );
  watch.unref();
}
