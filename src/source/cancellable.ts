/** A reader that stops when a signal aborts: for adapters whose own reading knows no cancellation. */

import type { SourceReader } from './source.ts';

/**
 * The same reader, but that its `read` rejects with the signal's reason at the next page, and that it
 * is closed then. What is read within one page comes to its end first.
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
    async *read(...asked) {
      signal.throwIfAborted();
      for await (const page of reader.read(...asked)) {
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
