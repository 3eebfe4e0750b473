/**
 * Ends a command early: on Ctrl-C, on kill, if its terminal is closed (SIGHUP), or if a query of the
 * mapping takes too much memory. Cleans up, prints one line, and ends the process without waiting for its
 * threads.
 */

import type { Environment } from '../run/environment.ts';
import { EXIT } from '../outcome/exitCode.ts';
import type { Failure } from '../outcome/failure.ts';
import { endNow } from './endNow.ts';

export interface Interrupts extends Pick<
  Environment,
  'signal' | 'stopping' | 'onInterrupt' | 'watchMemory'
> {
  stop(): void;
}

const MEMORY_CHECK_MS = 50;
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * Handles interrupts until `stop`. `before` is called first; `fail` reports a failure and returns
 * the exit code. `left` is how the command leaves things. One that `drains` is told to stop by the first
 * Ctrl-C or kill, and ended by the second.
 */
export function interrupts(
  name: string,
  note: (line: string) => void,
  before: () => void,
  fail: (failure: Failure) => number,
  left: string = 'nothing was changed',
  drains: boolean = false,
): Interrupts {
  const cleanUps = new Set<() => void>();
  const controller = new AbortController();
  const stopping = new AbortController();
  const end = (say: () => number): void => {
    before();
    controller.abort();
    // In reverse order: a run in a folder is cleaned up before the folder.
    for (const cleanUp of [...cleanUps].reverse()) {
      try {
        cleanUp();
      } catch {
        // The next run cleans up the rest.
      }
    }
    endNow(say());
  };
  const interrupted = (): void => {
    end(() => {
      note(`sealift ${name}: interrupted, ${left}`);
      return EXIT.interrupted;
    });
  };
  const told = (signal: NodeJS.Signals): void => {
    if (!drains || signal === 'SIGHUP' || stopping.signal.aborted) {
      interrupted();
      return;
    }
    note(`sealift ${name}: ending what is in flight; press Ctrl-C again to stop at once`);
    stopping.abort();
  };
  for (const name of SIGNALS) process.on(name, told);
  return {
    signal: controller.signal,
    stopping: stopping.signal,
    onInterrupt(cleanUp) {
      cleanUps.add(cleanUp);
      return () => cleanUps.delete(cleanUp);
    },
    watchMemory(bytes, failure) {
      // Polling is enough: SQLite allocates in other threads, and this one is mostly idle.
      const timer = setInterval(() => {
        if (process.memoryUsage.rss() > bytes) end(() => fail(failure()));
      }, MEMORY_CHECK_MS);
      timer.unref();
      return () => {
        clearInterval(timer);
      };
    },
    stop() {
      for (const name of SIGNALS) process.off(name, told);
    },
  };
}
