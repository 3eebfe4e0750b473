/** Makes readers stop when a signal aborts, for adapters whose reading cannot be cancelled. */

import type { SourceReader } from './source.ts';

/**
 * Returns the reader with cancellation: once the signal aborts, the reader is closed, and `read`
 * rejects with the signal's reason at the next page. The current page is read to its end.
 */
export function cancellable(
  reader: Omit<SourceReader, 'readCells'>,
  signal: AbortSignal,
): SourceReader {
  const stop = (): void => {
    void reader.close();
  };
  signal.addEventListener('abort', stop, { once: true });
  return {
    ...reader,
    async *read(...requested) {
      signal.throwIfAborted();
      for await (const page of reader.read(...requested)) {
        yield page;
        signal.throwIfAborted();
      }
    },
    async close() {
      signal.removeEventListener('abort', stop);
      await reader.close();
    },
  };
}
