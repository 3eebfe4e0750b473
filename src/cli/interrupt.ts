/**
 * What ends a command before it is done, whatever its threads are at: Ctrl-C, kill, or a query of
 * somebody else's that takes more memory than there is for it. Cleans up, says so in one line, and
 * ends the process.
 */

import type { Environment } from '../run/environment.ts';
import { EXIT } from '../outcome/exitCode.ts';
import type { Failure } from '../outcome/failure.ts';
import { endNow } from './endNow.ts';

export interface Interrupts extends Pick<Environment, 'signal' | 'onInterrupt' | 'watchMemory'> {
  stop(): void;
}

const LOOK_MS = 50;

/** `note` says a line, `before` is called first; `fail` answers for a failure, and returns the exit code. */
export function interrupts(
  name: string,
  note: (line: string) => void,
  before: () => void,
  fail: (failure: Failure) => number,
): Interrupts {
  const cleanUps = new Set<() => void>();
  const controller = new AbortController();
  const end = (say: () => number): void => {
    before();
    controller.abort();
    // What was begun last ends first: a run in a folder before the folder.
    for (const cleanUp of [...cleanUps].reverse()) {
      try {
        cleanUp();
      } catch {
        // The next run cleans up what this one could not.
      }
    }
    endNow(say());
  };
  const interrupted = (): void => {
    end(() => {
      note(`sealift ${name}: interrupted, nothing was changed`);
      return EXIT.interrupted;
    });
  };
  process.on('SIGINT', interrupted);
  process.on('SIGTERM', interrupted);
  return {
    signal: controller.signal,
    onInterrupt(cleanUp) {
      cleanUps.add(cleanUp);
      return () => cleanUps.delete(cleanUp);
    },
    watchMemory(bytes, failure) {
      // Only so often, but SQLite asks for memory in the other threads, and this one has little to do.
      const timer = setInterval(() => {
        if (process.memoryUsage.rss() > bytes) end(() => fail(failure()));
      }, LOOK_MS);
      timer.unref();
      return () => {
        clearInterval(timer);
      };
    },
    stop() {
      process.off('SIGINT', interrupted);
      process.off('SIGTERM', interrupted);
    },
  };
}
