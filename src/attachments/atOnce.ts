/** Work on many items, several at a time. */

/**
 * Runs `work` on every item, at most `concurrency` at a time, until `stopping` is aborted; then no
 * further one is begun. @throws the first failure, after what was begun has ended
 */
export async function atOnce<T>(
  items: Iterable<T> | AsyncIterable<T>,
  concurrency: number,
  stopping: AbortSignal,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const source = iteratorOf(items);
  let failed = false;
  const worker = async (): Promise<void> => {
    while (!failed && !stopping.aborted) {
      try {
        const next = await source.next();
        if (next.done === true) return;
        await work(next.value);
      } catch (error) {
        failed = true;
        throw error;
      }
    }
  };
  const ended = await Promise.allSettled(Array.from({ length: concurrency }, worker));
  await source.return?.();
  const failure = ended.find((end) => end.status === 'rejected');
  if (failure !== undefined) throw failure.reason;
}

/** Gathers items in batches of at most `size`. */
export async function* inBatches<T>(items: AsyncIterable<T>, size: number): AsyncGenerator<T[]> {
  let batch: T[] = [];
  for await (const item of items) {
    batch.push(item);
    if (batch.length < size) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

function iteratorOf<T>(items: Iterable<T> | AsyncIterable<T>): Iterator<T> | AsyncIterator<T> {
  return Symbol.asyncIterator in items ? items[Symbol.asyncIterator]() : items[Symbol.iterator]();
}
